/* Ranks that are not there, for the plan of a run on so many: this process is rank 0, and the others agree with it. */
#ifndef PST_CLI_RANKS_IMAGINED_H
#define PST_CLI_RANKS_IMAGINED_H

#include "pastiche_ranks.h"

/* Valid as long as the program runs. */
const pst_ranks *imagined_ranks(int count);

#endif
