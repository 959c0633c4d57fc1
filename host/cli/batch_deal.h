/* A batch under several ranks: each paints images of its own. */
#ifndef PST_CLI_BATCH_DEAL_H
#define PST_CLI_BATCH_DEAL_H

#include "cli/batch_list.h"

/* Leaves each rank its part of what is to be done, by turns, as rank 0 sees it; from then on each works for itself. An
 * exit code. */
int batch_deal(batch_list *list, const settings *s);

/* At the end: what became of all of it, for rank 0 to tell. Waits for the others. False: it is not known. */
bool batch_collect(batch_list *list);

#endif
