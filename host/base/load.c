#if !defined(_WIN32)
#define _XOPEN_SOURCE 700
#endif

#include "base/load.h"

#if defined(_WIN32)
#include <windows.h>

static double seconds(const FILETIME *time) {
    return 1e-7 * (double)((ULONGLONG)time->dwHighDateTime << 32 | time->dwLowDateTime);
}

pst_load pst_load_now(void) {
    FILETIME idle, kernel, user, made, ended, own_kernel, own_user;
    if (!GetSystemTimes(&idle, &kernel, &user) ||
        !GetProcessTimes(GetCurrentProcess(), &made, &ended, &own_kernel, &own_user))
        return (pst_load){0};
    double all = seconds(&kernel) + seconds(&user); /* the kernel's time includes the idle one */
    return (pst_load){true, all, all - seconds(&idle), seconds(&own_kernel) + seconds(&own_user)};
}
#else
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static double seconds(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           1e-6 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* Compilers that a driver starts are children. */
pst_load pst_load_now(void) {
    unsigned long long user, nice, system, idle, waiting, interrupt, soft, stolen;
    struct rusage own, children;
    const long ticks = sysconf(_SC_CLK_TCK);
    FILE *facts = fopen("/proc/stat", "r");
    if (!facts)
        return (pst_load){0};
    int found = fscanf(facts, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &waiting,
                       &interrupt, &soft, &stolen);
    fclose(facts);
    if (found != 8 || ticks <= 0 || getrusage(RUSAGE_SELF, &own) != 0 || getrusage(RUSAGE_CHILDREN, &children) != 0)
        return (pst_load){0};
    double used = (double)(user + nice + system + interrupt + soft + stolen) / (double)ticks;
    return (pst_load){true, used + (double)(idle + waiting) / (double)ticks, used, seconds(&own) + seconds(&children)};
}
#endif

/* Some containers show nothing of the machine, or only a part: what this process did is then missing. */
double pst_load_of_others(const pst_load *from, const pst_load *to) {
    double all = to->all - from->all, used = to->used - from->used, own = to->own - from->own;
    if (!from->known || !to->known || all <= 0 || own > 1.2 * used + 0.1)
        return -1;
    double others = (used - own) / all;
    return others < 0 ? 0 : others > 1 ? 1 : others;
}
