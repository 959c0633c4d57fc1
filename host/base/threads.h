/* Threads that work side by side, and a lock between them. */
#ifndef PST_BASE_THREADS_H
#define PST_BASE_THREADS_H

#include "base/status.h"

/* Calls work(user, index) for index 0 .. count - 1 at once and waits for all. Index 0 is done by this thread, and so is
 * in the end whatever no thread can be made for: no call may wait for another one. */
void pst_threads_run(size_t count, void (*work)(void *user, size_t index), void *user);

typedef struct pst_lock pst_lock;

pst_status pst_lock_create(pst_error *error, pst_lock **lock);
void pst_lock_destroy(pst_lock *lock); /* NULL is fine */
void pst_lock_take(pst_lock *lock);
void pst_lock_give(pst_lock *lock);

/* Locks of the whole process, for what it has one of. None is held while another one is taken. */
typedef enum pst_process_lock {
    PST_LOCK_DRIVER,
    PST_LOCK_PRODUCTS,
    PST_LOCK_WEIGHTS,
    PST_PROCESS_LOCKS
} pst_process_lock;

void pst_process_lock_take(pst_process_lock which);
void pst_process_lock_give(pst_process_lock which);

#endif
