/* How the processes (ranks) of one run of the program talk: transport_mpi.c in pastiche-mpi, transport_none.c in
 * pastiche. Of the main thread alone. */
#ifndef PST_CLI_RANKS_TRANSPORT_H
#define PST_CLI_RANKS_TRANSPORT_H

#include "pastiche_ranks.h"

/* Before anything else; gives the ranks, or NULL where there is one process alone. *problem: NULL, or why the program
 * must not go on; valid as long as it runs. */
const pst_ranks *transport_open(const char **problem);

/* Which of the ranks on this machine this one is, from 0. */
int transport_neighbor(void);

/* What the ranks wait for from now on. A rank that does not come while the others wait is taken for lost, and all are
 * ended with a line that names it: after 20 minutes at the start, where a driver's compiler may take its time or one
 * rank measures the device; in evaluations after 20 times what the one that waits took itself, and not before a
 * minute. PASTICHE_RANK_SECONDS in the environment sets another time for both. */
typedef enum transport_patience { TRANSPORT_STARTS, TRANSPORT_EVALUATES, TRANSPORT_WAITS_FOR_EVER } transport_patience;
void transport_expect(transport_patience kind);

/* Waits until all ranks have left the library, as they do in order or after a failure. */
bool transport_leave(void);

/* In order, after all ranks have met; and at once, together with all other ranks. */
void transport_close(void);
void transport_abort(int code);

#endif
