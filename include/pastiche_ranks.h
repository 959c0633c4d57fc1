/* pastiche: several processes, on one machine or many, that work on one image together. Only a program that provides
 * the way they talk needs this header; pastiche.h has everything else. */
#ifndef PASTICHE_RANKS_H
#define PASTICHE_RANKS_H

#include "pastiche.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one rank sends to another, or gets from it. */
typedef struct pst_ranks_block {
    int rank; /* the other one */
    void *data;
    size_t bytes;
} pst_ranks_block;

/* The processes (ranks) that share each job, as one of them sees them, and how they talk: pastiche-mpi fills it with
 * MPI. All ranks make the same calls of the library, with the same options and images, and all get the same results;
 * what belongs to rank 0 alone, such as files, is the caller's to decide. Each function is called by all ranks in the
 * same order, waits for them, and returns false after a failure, which `message` then explains in a line. */
struct pst_ranks {
    size_t size;
    int rank, count; /* 0 .. count - 1 */
    void *self;
    /* Each value becomes the sum of all ranks' values. */
    bool (*sum)(void *self, int64_t *values, size_t count);
    /* All ranks get the bytes of rank `root`. */
    bool (*broadcast)(void *self, int root, void *data, size_t bytes);
    /* At most one block to each other rank and one from each; every block that is sent is received with its size. */
    bool (*exchange)(void *self, const pst_ranks_block *send, size_t send_count, const pst_ranks_block *receive,
                     size_t receive_count);
    const char *(*message)(void *self);
    /* Waits until all ranks have called it. What the others are at meanwhile, or begin, fails: a rank that cannot go on
     * comes here, and so do they. NULL: then after a failure of one rank the others may wait for ever. */
    bool (*meet)(void *self);
    /* What messages call a rank, as "rank 2 (node7)". NULL: "rank 2". */
    const char *(*name)(void *self, int rank);
    /* How many of the ranks are on this one's machine and share its memory, with this one; 0: not known. */
    int neighbors;
};

#ifdef __cplusplus
}
#endif

#endif
