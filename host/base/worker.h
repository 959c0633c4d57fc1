/* Work that may take for ever, such as a driver's compiler: done on a thread of its own, which can be left behind. */
#ifndef PST_BASE_WORKER_H
#define PST_BASE_WORKER_H

#include <stdbool.h>

/* Calls work(data) and waits for it so many seconds, in which the process is not stopped. True: it is done. False: it
 * goes on alone, and will call drop(data) in the end; `data` is its own from now on. Where no thread can be made, the
 * wait is as long as the work.
 */
bool pst_worker_run(void (*work)(void *data), void (*drop)(void *data), void *data, double seconds);

/* Is anything still at work that was left behind? The process can end then by _Exit alone: what exit() calls would pull
 * libraries away under it. */
bool pst_workers_left(void);

#endif
