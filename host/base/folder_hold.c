#if !defined(_WIN32)
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE /* flock */
#endif

#include "base/file.h"

#if defined(_WIN32)

int pst_folder_hold_for(const char *file) {
    (void)file;
    return -1; /* folders have no locks here */
}

void pst_folder_release(int held) { (void)held; }

#else

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define SECONDS 2.0 /* many times what a file takes; anybody can lock a folder that he may read */

int pst_folder_hold_for(const char *file) {
    const size_t length = (size_t)(pst_path_name(file) - file);
    char *folder;
    if (pst_copy_text(NULL, length ? file : ".", &folder) != PST_OK)
        return -1;
    if (length)
        folder[length] = 0;
    const int held = open(folder, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const double end = pst_clock_seconds() + SECONDS;
    while (held >= 0 && flock(held, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK && pst_clock_seconds() < end)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    pst_free(folder);
    return held;
}

/* Unlocks first, for a child that was made meanwhile has the descriptor too. */
void pst_folder_release(int held) {
    if (held < 0)
        return;
    flock(held, LOCK_UN);
    close(held);
}

#endif
