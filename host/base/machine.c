#if !defined(_WIN32)
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE  /* syscall */
#define _DARWIN_C_SOURCE /* _SC_PHYS_PAGES */
#endif

#include "base/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t pretended;

void pst_machine_pretend_memory(uint64_t bytes) { pretended = bytes; }

#if defined(_WIN32)
#include <windows.h>

static uint64_t memory(void) {
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
}

int pst_machine_threads(void) {
    DWORD_PTR own, all;
    int count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &own, &all))
        for (; own; own &= own - 1)
            count++;
    return count ? count : 1;
}

void pst_machine_processor(char *name, size_t bytes) {
    const char *found = getenv("PROCESSOR_IDENTIFIER");
    snprintf(name, bytes, "%s", found ? found : "");
}

void pst_machine_architecture(char *name, size_t bytes) {
    const char *found = getenv("PROCESSOR_ARCHITECTURE");
    snprintf(name, bytes, "%s", found ? found : "");
}

void pst_machine_system(char *name, size_t bytes) { snprintf(name, bytes, "Windows"); }
#else
#include <sys/utsname.h>
#include <unistd.h>

static uint64_t memory(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes : 0;
}

/* The value of the first line that begins with the key, without blanks and quotes around it. */
static void find_line(const char *path, const char *key, char separator, char *value, size_t bytes) {
    char line[512];
    FILE *facts = fopen(path, "r");
    *value = '\0';
    while (facts && !*value && fgets(line, sizeof line, facts)) {
        char *at = strncmp(line, key, strlen(key)) == 0 ? strchr(line, separator) : NULL;
        if (at) {
            at += 1 + strspn(at + 1, " \t\"");
            at[strcspn(at, "\"\n")] = '\0';
            snprintf(value, bytes, "%s", at);
        }
    }
    if (facts)
        fclose(facts);
}

/* Of a process that may not run on all of them, the bits of a mask in hexadecimal digits tell. */
int pst_machine_threads(void) {
    char mask[512];
    int count = 0;
    find_line("/proc/self/status", "Cpus_allowed:", ':', mask, sizeof mask);
    for (const char *c = mask; *c; c++) {
        char digit[2] = {*c};
        for (unsigned long bits = strtoul(digit, NULL, 16); bits; bits &= bits - 1)
            count++;
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return count && (online < 1 || count < online) ? count : online > 0 ? (int)online : 1;
}

void pst_machine_processor(char *name, size_t bytes) {
    find_line("/proc/cpuinfo", "model name", ':', name, bytes);
    if (!*name)
        find_line("/proc/cpuinfo", "Model", ':', name, bytes);
}

void pst_machine_architecture(char *name, size_t bytes) {
    struct utsname system;
    snprintf(name, bytes, "%s", uname(&system) == 0 ? system.machine : "");
}

void pst_machine_system(char *name, size_t bytes) {
    struct utsname system;
    find_line("/etc/os-release", "PRETTY_NAME", '=', name, bytes);
    if (!*name && uname(&system) == 0)
        snprintf(name, bytes, "%s %s", system.sysname, system.release);
}
#endif

#if defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>

bool pst_machine_matrix_units(void) {
    enum { BFLOAT16 = 1 << 22, TILES = 1 << 24, REQUEST = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM */
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & BFLOAT16) && (d & TILES) &&
           syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#else
bool pst_machine_matrix_units(void) { return false; }
#endif

uint64_t pst_machine_memory(void) { return pretended ? pretended : memory(); }
