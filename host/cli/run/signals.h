/* Ctrl-C and its like end a run early but in order: the best image so far is kept. */
#ifndef PST_CLI_RUN_SIGNALS_H
#define PST_CLI_RUN_SIGNALS_H

#include <stdbool.h>

/* From here on the first interrupt, termination, hang-up or SIGUSR1 is only remembered; the next one ends the program
 * at once. A signal that is already ignored, as under nohup, stays so. on_terminal: somebody looks, and is told that
 * the interrupt was heard, for what is at hand may take long. */
void signals_catch(bool on_terminal);

/* As long as there is nothing to lose the first one ends the program at once too, with its exit code and with this text
 * on stderr, which may be "": the driver's compiler may take long and cannot be asked to stop. NULL: no longer. */
void signals_nothing_to_lose(const char *text);

/* The number of the signal that came, or 0. */
int signals_caught(void);

#endif
