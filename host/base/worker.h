/* Work that may take for ever, such as a driver's compiler: done on a thread of its own, which can be left behind. */
#ifndef PST_BASE_WORKER_H
#define PST_BASE_WORKER_H

#include <stdbool.h>

typedef struct pst_worker pst_worker;

/* Begins work(data). Each one ends with pst_worker_end. Where no thread can be made, the work is done already. */
void pst_worker_begin(void (*work)(void *data), void (*drop)(void *data), void *data, pst_worker **worker);

/* Waits so many seconds, in which the process is not stopped. True: the work is done. False: it goes on alone, and will
 * call drop(data) in the end; `data` is its own from now on. */
bool pst_worker_end(pst_worker *worker, double seconds);

/* Is anything still at work that was left behind? The process can end then by _Exit alone: what exit() calls would pull
 * libraries away under it. */
bool pst_workers_left(void);

#endif
