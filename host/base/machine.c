#if !defined(_WIN32)
#define _XOPEN_SOURCE 700
#define _DARWIN_C_SOURCE /* _SC_PHYS_PAGES */
#endif

#include "base/machine.h"

static uint64_t pretended;

void pst_machine_pretend_memory(uint64_t bytes) { pretended = bytes; }

#if defined(_WIN32)
#include <windows.h>

static uint64_t memory(void) {
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
}
#else
#include <unistd.h>

static uint64_t memory(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes : 0;
}
#endif

uint64_t pst_machine_memory(void) { return pretended ? pretended : memory(); }
