/* Several processes that share a run (pastiche_ranks.h), for the rooms above. NULL is one process alone:
 * every function then leaves things as they are. All ranks call them in the same order. */
#ifndef PST_SPREAD_RANKS_H
#define PST_SPREAD_RANKS_H

#include "base/status.h"
#include "pastiche_ranks.h"

static inline int pst_ranks_count(const pst_ranks *ranks) { return ranks ? ranks->count : 1; }
static inline int pst_ranks_rank(const pst_ranks *ranks) { return ranks ? ranks->rank : 0; }

/* Processes that share the memory of this one's machine. */
static inline int pst_ranks_neighbors(const pst_ranks *ranks) {
    return ranks && ranks->neighbors > 1 ? ranks->neighbors : 1;
}

/* Each value becomes the sum over the ranks. PST_ERROR_RANKS here and below. */
pst_status pst_ranks_sum(const pst_ranks *ranks, pst_error *error, int64_t *values, size_t count);

/* Each value is known to one rank, and 0.0 on all others, which get it to the bit. */
pst_status pst_ranks_gather(const pst_ranks *ranks, pst_error *error, double *values, size_t count);

pst_status pst_ranks_broadcast(const pst_ranks *ranks, pst_error *error, int root, void *data, size_t bytes);

pst_status pst_ranks_exchange(const pst_ranks *ranks, pst_error *error, const pst_ranks_block *send, size_t send_count,
                              const pst_ranks_block *receive, size_t receive_count);

/* Where ranks come together again after a part in which each may fail alone: what one failed with, all fail with, the
 * first one that did; it is named unless all failed alike. */
pst_status pst_ranks_agree(const pst_ranks *ranks, pst_error *error, pst_status status);

/* The same where such parts are in each other and the outer one goes on after a failure: depth is 0 outside, and more
 * within. Ranks that have failed outside the inner part wait here until those within have come out of it. */
enum { PST_RANKS_RUN, PST_RANKS_ATTEMPT, PST_RANKS_WALK };
pst_status pst_ranks_agree_in(const pst_ranks *ranks, pst_error *error, pst_status status, int depth);

/* Is it true on all ranks? A set of bits becomes that of all ranks. */
pst_status pst_ranks_all(const pst_ranks *ranks, pst_error *error, bool *value);
pst_status pst_ranks_unite(const pst_ranks *ranks, pst_error *error, uint64_t *bits);

/* A text of rank 0, for the others to end with pst_free. */
pst_status pst_ranks_tell(const pst_ranks *ranks, pst_error *error, const char *text, char **told);

/* "rank 2", with its machine where the ranks tell it. Returns text. */
#define PST_RANK_NAME 128
char *pst_ranks_name(const pst_ranks *ranks, int rank, char text[PST_RANK_NAME]);

/* Of `count` things that are dealt out in order, as evenly as can be: the first of a rank; that of pst_ranks_count is
 * count. */
static inline int pst_ranks_first(int count, int ranks, int rank) { return (int)((int64_t)count * rank / ranks); }

#endif
