/* Who keeps a run that need not go on to its end at once, and how runs end. */
#ifndef PST_CLI_RUN_RUN_KEEPER_H
#define PST_CLI_RUN_RUN_KEEPER_H

#include "pastiche.h"

typedef enum run_wish {
    RUN_GOES_ON,
    RUN_LEAVES, /* it ends with its checkpoint and nothing else */
    RUN_DROPS   /* it ends with nothing */
} run_wish;

typedef struct run_keeper {
    void *user;
    run_wish (*wish)(void *user, const pst_progress *now); /* after each evaluation, and between tiles with NULL */
    char *(*place)(void *user); /* where the result goes, asked when it is there; by malloc, NULL: no memory */
    const char *farewell;       /* printed where a signal ends the program in the first evaluation */
} run_keeper;

typedef enum run_ending {
    RUN_FAILED,
    RUN_UNWRITTEN, /* the image was there, but its file could not be written */
    RUN_LEFT,      /* as was wished */
    RUN_STOPPED,   /* early, with its result */
    RUN_DONE
} run_ending;

#endif
