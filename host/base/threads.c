#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif

#include "base/threads.h"

#include "base/memory.h"

#define THREADS_MAX 64 /* at once; the rest comes behind them */

typedef struct call {
    void (*work)(void *user, size_t index);
    void *user;
    size_t index;
} call;

#if defined(_WIN32)
#include <windows.h>

struct pst_lock {
    SRWLOCK at;
};

typedef HANDLE thread;

static DWORD WINAPI begin(void *data) {
    const call *c = data;
    c->work(c->user, c->index);
    return 0;
}

static bool start(thread *t, call *c) { return (*t = CreateThread(NULL, 0, begin, c, 0, NULL)) != NULL; }

static void join(thread t) {
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
}

static bool make(pst_lock *lock) {
    InitializeSRWLock(&lock->at);
    return true;
}
static void drop(pst_lock *lock) { (void)lock; }
void pst_lock_take(pst_lock *lock) { AcquireSRWLockExclusive(&lock->at); }
void pst_lock_give(pst_lock *lock) { ReleaseSRWLockExclusive(&lock->at); }
#define NEW_LOCK \
    { SRWLOCK_INIT }

#else
#include <pthread.h>

struct pst_lock {
    pthread_mutex_t at;
};

typedef pthread_t thread;

static void *begin(void *data) {
    const call *c = data;
    c->work(c->user, c->index);
    return NULL;
}

static bool start(thread *t, call *c) { return pthread_create(t, NULL, begin, c) == 0; }
static void join(thread t) { pthread_join(t, NULL); }
static bool make(pst_lock *lock) { return pthread_mutex_init(&lock->at, NULL) == 0; }
static void drop(pst_lock *lock) { pthread_mutex_destroy(&lock->at); }
void pst_lock_take(pst_lock *lock) { pthread_mutex_lock(&lock->at); }
void pst_lock_give(pst_lock *lock) { pthread_mutex_unlock(&lock->at); }
#define NEW_LOCK \
    { PTHREAD_MUTEX_INITIALIZER }
#endif

static pst_lock process_locks[PST_PROCESS_LOCKS] = {NEW_LOCK, NEW_LOCK, NEW_LOCK};

void pst_process_lock_take(pst_process_lock which) { pst_lock_take(&process_locks[which]); }
void pst_process_lock_give(pst_process_lock which) { pst_lock_give(&process_locks[which]); }

void pst_threads_run(size_t count, void (*work)(void *user, size_t index), void *user) {
    thread threads[THREADS_MAX];
    call calls[THREADS_MAX];
    size_t begun = 0;
    while (begun + 1 < count && begun < THREADS_MAX) {
        calls[begun] = (call){work, user, begun + 1};
        if (!start(&threads[begun], &calls[begun]))
            break;
        begun++;
    }
    work(user, 0);
    for (size_t index = begun + 1; index < count; index++)
        work(user, index);
    while (begun > 0)
        join(threads[--begun]);
}

pst_status pst_lock_create(pst_error *error, pst_lock **lock) {
    pst_status status = pst_allocate(error, 1, sizeof **lock, lock);
    if (status != PST_OK || make(*lock))
        return status;
    pst_free(*lock);
    *lock = NULL;
    return pst_fail(error, PST_ERROR_MEMORY, "the system has no lock left");
}

void pst_lock_destroy(pst_lock *lock) {
    if (!lock)
        return;
    drop(lock);
    pst_free(lock);
}
