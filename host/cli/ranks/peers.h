/* The ranks on this machine as processes: a thread looks whether they are alive. A launcher ends what is left of a run
 * within a second after one has died, and who computes then would not come to tell which one it was. */
#ifndef PST_CLI_RANKS_PEERS_H
#define PST_CLI_RANKS_PEERS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct peer {
    int64_t process;
    int rank;
    char space[52]; /* in which its number means that process: containers on one machine have their own */
} peer;

/* This process. */
peer peers_own(int rank);

/* From now on, until peers_end: once others of this machine, which are in order of their ranks, have died, `died` is
 * called on a thread of its own with the rank of the first, by all that are left. tells: is this the first of those?
 * It does not return. The array is used for as long. */
typedef void peers_died(int rank, bool tells);
void peers_watch(const peer *peers, int count, int own_rank, peers_died *died);
void peers_end(void);

#endif
