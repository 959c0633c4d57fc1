#define _POSIX_C_SOURCE 200809L
#include "cli/ranks/peers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOKS 50000000    /* nanoseconds from one look at them to the next */
#define CERTAIN 100000000 /* where a launcher ends them all, this process is among them by then */

static struct {
    const peer *peers;
    int count, own;
    peers_died *died;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool watches, ends;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

peer peers_own(int rank) {
    peer own = {.process = getpid(), .rank = rank};
    if (readlink("/proc/self/ns/pid", own.space, sizeof own.space - 1) < 0)
        own.space[0] = '\0';
    return own;
}

/* False as soon as peers_end is called. */
static bool wait_for(long nanoseconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += nanoseconds;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&all.lock);
    while (!all.ends && pthread_cond_timedwait(&all.changed, &all.lock, &until) == 0)
        ;
    const bool goes_on = !all.ends;
    pthread_mutex_unlock(&all.lock);
    return goes_on;
}

static bool is_dead(int i) {
    return strcmp(all.peers[i].space, all.peers[all.own].space) == 0 && kill((pid_t)all.peers[i].process, 0) != 0 &&
           errno == ESRCH;
}

static int first_dead(void) {
    for (int i = 0; i < all.count; i++)
        if (i != all.own && is_dead(i))
            return i;
    return -1;
}

static void *watch(void *unused) {
    int dead;
    (void)unused;
    do {
        if (!wait_for(LOOKS))
            return NULL;
        dead = first_dead();
    } while (dead < 0);
    if (!wait_for(CERTAIN))
        return NULL;
    bool tells = true;
    for (int i = 0; i < all.own; i++)
        tells = tells && is_dead(i);
    all.died(all.peers[dead].rank, tells);
    return NULL;
}

void peers_watch(const peer *peers, int count, int own_rank, peers_died *died) {
    sigset_t every, before;
    all.peers = peers;
    all.count = count;
    all.died = died;
    while (peers[all.own].rank != own_rank)
        all.own++;
    sigfillset(&every); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &every, &before);
    all.watches = count > 1 && pthread_create(&all.thread, NULL, watch, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void peers_end(void) {
    pthread_mutex_lock(&all.lock);
    all.ends = true;
    pthread_cond_signal(&all.changed);
    pthread_mutex_unlock(&all.lock);
    if (all.watches)
        pthread_join(all.thread, NULL);
    all.watches = false;
}
