#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif

#include "base/worker.h"

#include <math.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/memory.h"

#define STACK_BYTES ((size_t)16 << 20) /* compilers recurse, and some systems give threads little */
#define LONGEST_SLEEP 0.02

enum { WORKING, DONE, LEFT };

struct pst_worker {
    void (*work)(void *data), (*drop)(void *data);
    void *data;
    atomic_int state;
};

static atomic_int left;

bool pst_workers_left(void) { return atomic_load(&left) > 0; }

/* What the thread does. */
static void do_work(pst_worker *w) {
    w->work(w->data);
    int working = WORKING;
    if (atomic_compare_exchange_strong(&w->state, &working, DONE))
        return;
    w->drop(w->data);
    pst_free(w);
    atomic_fetch_sub(&left, 1);
}

#if defined(_WIN32)
#include <windows.h>

static DWORD WINAPI begin(void *w) {
    do_work(w);
    return 0;
}

static bool start(pst_worker *w) {
    HANDLE thread = CreateThread(NULL, STACK_BYTES, begin, w, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return thread && CloseHandle(thread);
}

static void sleep_for(double seconds) { Sleep((DWORD)(1e3 * seconds)); }

#else
#include <pthread.h>
#include <time.h>

static void *begin(void *w) {
    do_work(w);
    return NULL;
}

static bool start(pst_worker *w) {
    pthread_attr_t how;
    pthread_t thread;
    if (pthread_attr_init(&how) != 0)
        return false;
    bool good = pthread_attr_setstacksize(&how, STACK_BYTES) == 0 &&
                pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED) == 0 &&
                pthread_create(&thread, &how, begin, w) == 0;
    pthread_attr_destroy(&how);
    return good;
}

static void sleep_for(double seconds) {
    struct timespec time = {.tv_nsec = (long)(1e9 * seconds)};
    nanosleep(&time, NULL);
}
#endif

void pst_worker_begin(void (*work)(void *data), void (*drop)(void *data), void *data, pst_worker **worker) {
    pst_worker *w;
    *worker = NULL;
    if (pst_allocate(NULL, 1, sizeof *w, &w) == PST_OK) {
        w->work = work;
        w->drop = drop;
        w->data = data;
        atomic_init(&w->state, WORKING);
        if (start(w)) {
            *worker = w;
            return;
        }
        pst_free(w);
    }
    work(data);
}

bool pst_worker_end(pst_worker *w, double seconds) {
    if (!w)
        return true;
    /* Looks often at first, for most work is short; no signal or lock is needed then. If it looks again much later, the
     * process was stopped, and the work with it: that does not count. */
    double last = pst_clock_seconds(), passed = 0;
    while (atomic_load(&w->state) == WORKING && passed < seconds) {
        double nap = passed / 16 + 2e-5;
        sleep_for(nap < LONGEST_SLEEP ? nap : LONGEST_SLEEP);
        double now = pst_clock_seconds();
        passed += fmin(now - last, nap + seconds / 100);
        last = now;
    }
    int working = WORKING;
    atomic_fetch_add(&left, 1);
    if (atomic_compare_exchange_strong(&w->state, &working, LEFT))
        return false;
    atomic_fetch_sub(&left, 1);
    pst_free(w);
    return true;
}
