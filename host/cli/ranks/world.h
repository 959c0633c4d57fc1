/* The ranks of this call of the program (pastiche_ranks.h), for the rooms above. `pastiche` is always alone, and
 * pastiche-mpi under a launcher may not be. All ranks take the same way through the program; rank 0 alone prints,
 * serves the page and writes files. */
#ifndef PST_CLI_RANKS_WORLD_H
#define PST_CLI_RANKS_WORLD_H

#include "cli/options/complain.h"
#include "cli/ranks/transport.h"

/* First of all; false after complaining. world_end gives the exit code: the worst of all ranks. */
bool world_begin(void);
int world_end(int code);

int world_rank(void);
int world_count(void); /* 1: alone */

int world_neighbor(void); /* which of the ranks on this machine, from 0 */

/* How a command is done: by rank 0 alone, until the others hear otherwise; by all ranks together, one run after the
 * other; or by each for itself, with runs of its own. */
typedef enum world_way { WORLD_ONE, WORLD_TOGETHER, WORLD_APART } world_way;
void world_go(world_way way);

/* The library shall plan for so many ranks, each on a machine like this one; false after complaining. */
bool world_imagine(int count);

/* The ranks for the library; NULL where this one works alone. */
const pst_ranks *world_ranks(void);

/* What the ranks wait for from now on: evaluations, or rank 0, which may take its time. */
void world_evaluates(void);
void world_waits(void);

/* After a command that each rank did for itself: the sums of their numbers; waits as long as it takes. */
bool world_collect(int64_t *values, size_t count);

/* Does this process print and write files? */
bool world_leads(void);

/* Where ranks come together: the worst of their exit codes. What the first one that failed complained of is told, by
 * one line. All of this does nothing for a process alone. */
int world_agree(int code);

/* The complaint to come is not the reason, but that another rank gave up. */
void world_gave_up(void);

/* All get rank 0's bytes, or the sum of their numbers; false: another rank gave up. */
bool world_tell(void *data, size_t bytes);
bool world_sum(int64_t *values, size_t count);

#endif
