#define _POSIX_C_SOURCE 200809L

#include "cli/run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <io.h>
#define write _write
#else
#include <unistd.h>
#endif

#include "cli/options/complain.h"

static const char heard[] = "\npastiche: stops after what is at hand; Ctrl-C again ends it at once\n";

static volatile sig_atomic_t caught, tells;
static const char *volatile farewell;

static const int ending[] = {
    SIGINT, SIGTERM,
#ifdef SIGHUP
    SIGHUP,
#endif
#ifdef SIGUSR1
    SIGUSR1, /* for all ranks with mpirun --forward-signals SIGUSR1: after the others it ends them by force */
#endif
};
enum { ENDING_COUNT = sizeof ending / sizeof *ending };

static void remember(int number) {
    const int before = errno;
    const char *last = farewell, *text = last ? last : tells && number == SIGINT ? heard : "";
    long written = (long)write(2, text, (unsigned)strlen(text)); /* all else may hold a lock of this thread */
    (void)written;
    if (last)
        _Exit(EXIT_SIGNAL + number);
    errno = before;
    caught = number;
    for (size_t i = 0; i < ENDING_COUNT; i++)
        signal(ending[i], SIG_DFL);
}

void signals_catch(bool on_terminal) {
    tells = on_terminal;
#ifdef _WIN32
    for (size_t i = 0; i < ENDING_COUNT; i++)
        signal(ending[i], remember);
#else
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        struct sigaction now, action = {.sa_handler = remember, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaction(ending[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN); /* whoever read the progress went away: no reason to lose the image */
    signal(SIGXFSZ, SIG_IGN); /* the write fails, which is told */
#endif
}

void signals_nothing_to_lose(const char *text) { farewell = text; }

int signals_caught(void) { return caught; }
