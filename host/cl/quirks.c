#include "cl/quirks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/private_folder.h"
#include "base/threads.h"

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* ---- PoCL's folder of compiled kernels: without one it offers no device, or aborts ---- */

#define POCL "Portable Computing Language"
#define POCL_VARIABLE "POCL_CACHE_DIR"
#define POCL_ROOM ((uint64_t)32 << 20) /* a run's kernels take 7 to 20 MiB */

static char pocl_problem[512], pocl_notice[640];
static bool pocl_prepared; /* it looks once in a process */

/* Where it looks; false: nowhere. */
static bool pocl_folder(char *path, size_t bytes) {
    const char *own = getenv(POCL_VARIABLE), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"),
               *kept = getenv("POCL_KERNEL_CACHE"),
               *name = kept && (*kept == '0' || *kept == 'f') ? "pocl/uncached" : "pocl/kcache";
    int length = own               ? snprintf(path, bytes, "%s", own)
                 : cache && *cache ? snprintf(path, bytes, "%s/%s", cache, name)
                 : home            ? snprintf(path, bytes, "%s/.cache/%s", home, name)
                                   : snprintf(path, bytes, "/tmp/%s", name);
    return length > 0 && length < (int)bytes;
}

static void prepare_pocl(void) {
    char path[1024];
    pst_error error = {0}, other = {0};
    const char *folder;
    /* Its compiler counts warnings on the terminal, and CLBlast compiles with them. It puts no blanks around options.
     */
    if (!getenv("CLBLAST_BUILD_OPTIONS"))
        pst_environment_set("CLBLAST_BUILD_OPTIONS", " -w ");
    if (!pocl_folder(path, sizeof path))
        pst_fail(&error, PST_ERROR_FILE, POCL_VARIABLE " is empty or too long");
    else if (pst_folder_check(&error, path, POCL_ROOM) == PST_OK)
        return;
    if (pst_private_folder(&other, POCL_ROOM, &folder) == PST_OK) {
        pst_environment_set(POCL_VARIABLE, folder);
        snprintf(pocl_notice, sizeof pocl_notice,
                 "%s; kernels are compiled for this run alone, which takes a while; " POCL_VARIABLE
                 " can name another folder",
                 error.text);
    } else {
        snprintf(pocl_problem, sizeof pocl_problem,
                 "it has no folder for compiled kernels (%.200s; %.200s); " POCL_VARIABLE " can name one", error.text,
                 other.text);
    }
}

const char *pst_quirks_prepare(const char *platform) {
    if (!has(platform, POCL))
        return "";
    pst_process_lock_take(PST_LOCK_DRIVER);
    if (!pocl_prepared)
        prepare_pocl();
    pocl_prepared = true;
    pst_process_lock_give(PST_LOCK_DRIVER);
    return pocl_problem;
}

/* ---- devices ---- */

/* A unit is an execution unit here: 8 threads (7 before Xe-HP) of 128 registers with 8 lanes. A work-item of 8 x 8
 * numbers does not fit, and the compiler then keeps all of them in memory. Groups of 16 would be as wide as its
 * instructions are at most, but units share barriers for half as many as they have room for.
 *
 * From Xe-HP on 4 threads may have 256 registers each; compilers for older ones ignore the option, so they are told by
 * their number of threads. Whether the numbers do fit then is asked for every kernel. */
#define INTEL_THREADS_PER_UNIT 0x4255 /* CL_DEVICE_NUM_THREADS_PER_EU_INTEL */
#define INTEL_SPILLED_BYTES 0x4109    /* CL_KERNEL_SPILL_MEM_SIZE_INTEL */
#define PRIVATE_BYTES 0x11b4 /* CL_KERNEL_PRIVATE_MEM_SIZE: of arrays; other drivers count what is in registers */

static void set_intel_registers(pst_quirks *quirks, pst_quirks_ask *ask, void *device) {
    quirks->item_registers = quirks->most_registers = 128;
    quirks->unit_registers = 8192;
    quirks->unit_flops = 16;
    if (!ask || ask(device, INTEL_THREADS_PER_UNIT) < 8)
        return;
    quirks->most_registers = 256;
    quirks->more_registers = "-cl-intel-256-GRF-per-thread";
    quirks->memory_questions[0] = INTEL_SPILLED_BYTES;
    quirks->memory_questions[1] = PRIVATE_BYTES;
}

/* For the size of the cache, drivers tell that of the first one: NVIDIA's of all units (3 MiB for an A100, whose second
 * one has 40), AMD's of one (16 or 32 KiB). Here it is what a unit has of the last one, in devices of a generation that
 * have little. */
#define UNIT_CACHE_KIB 64

#define CAPABILITY_MAJOR 0x4000 /* CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV */
#define CAPABILITY_MINOR 0x4001

/* From a compute capability on. Graphics cards have few bytes of memory for an operation: an RTX 3090 0.026, a 4060
 * 0.018, a 4090 0.012. */
static const struct nvidia_generation {
    uint32_t capability;
    int unit_cache_kib, unit_flops;
    double memory_ratio;
} nvidia_generations[] = {
    {0, UNIT_CACHE_KIB, 256, 0.05},
    {60, UNIT_CACHE_KIB, 128, 0.05},
    {61, UNIT_CACHE_KIB, 256, 0.05},
    {70, UNIT_CACHE_KIB, 128, 0.05},
    {80, 376, 128, 0.05},
    {86, UNIT_CACHE_KIB, 256, 0.025},
    {89, 512, 256, 0.02},
    {90, 376, 256, 0.05},
    {100, 512, 256, 0.05},
    {110, 512, 256, 0.02},
};

static void set_nvidia_generation(pst_quirks *quirks, uint64_t units, pst_quirks_ask *ask, void *device) {
    const uint32_t capability = ask ? 10 * ask(device, CAPABILITY_MAJOR) + ask(device, CAPABILITY_MINOR) : 0;
    for (size_t i = 0; i < sizeof nvidia_generations / sizeof *nvidia_generations; i++) {
        const struct nvidia_generation *g = &nvidia_generations[i];
        if (g->capability > capability)
            break;
        quirks->cache_bytes = units * (uint64_t)g->unit_cache_kib << 10;
        quirks->unit_flops = g->unit_flops;
        quirks->memory_ratio = g->memory_ratio;
    }
}

static void set_amd_generation(pst_quirks *quirks, const pst_device_info *info) {
    static const char *const cached[] = {"gfx94", "gfx95", "gfx103", "gfx11", "gfx12"}; /* Infinity Cache */
    quirks->wave = 64;
    quirks->unit_flops = 128;
    quirks->cache_bytes = (uint64_t)info->compute_units * UNIT_CACHE_KIB << 10;
    for (size_t i = 0; i < sizeof cached / sizeof *cached && !info->integrated; i++)
        if (strncmp(info->name, cached[i], strlen(cached[i])) == 0)
            quirks->cache_bytes = (uint64_t)info->compute_units * 768 << 10;
}

pst_quirks pst_quirks_find(const pst_device_info *info, pst_quirks_ask *ask, void *device) {
    pst_quirks quirks = {.memory_share = 0.9,
                         .notice = "",
                         .undeclared = "",
                         .builds_at_once = true,
                         .wave = 32,
                         .item_registers = 255,
                         .most_registers = 255,
                         .more_registers = "",
                         .unit_registers = 65536,
                         .unit_flops = 256,
                         .memory_ratio = 0.05};
    /* PoCL reports a share of what is free at that moment as the whole memory; it may be used up. */
    if (has(info->platform, POCL)) {
        quirks.memory_share = 1.0;
        quirks.notice = pocl_notice;
        quirks.keeps_binaries = true;
        quirks.builds_at_once = false; /* a lock around its compiler */
        /* It finds a kernel that has run by its program's hash, and aborts where another thread runs a variant of it.
         */
        quirks.mixes_sessions = true;
        /* Its header has 14,000 declarations, and this makes it empty. They take 0.07 s a program, and 0.013 s
         * where the program is compiled already. Other versions have not been tried. */
        if (strncmp(info->driver_version, "3.1", 3) == 0)
            quirks.undeclared = "-D_OPENCL_H_";
    }
    if (has(info->platform, "Oclgrind")) /* version 21.10 crashes when two threads compile */
        quirks.builds_at_once = false;
    /* Those with AVX-512 that are common; AMD's do one such vector a clock, or two halves. */
    quirks.two_wide_units = info->type == PST_DEVICE_CPU && has(info->name, "Intel");
    /* Integrated GPUs share the memory with everything else that runs. */
    if (info->type == PST_DEVICE_GPU && info->integrated)
        quirks.memory_share = 0.75;
    if (info->type == PST_DEVICE_GPU && (has(info->vendor, "Advanced Micro Devices") || has(info->vendor, "AMD")))
        set_amd_generation(&quirks, info);
    if (info->type == PST_DEVICE_GPU && has(info->vendor, "NVIDIA"))
        set_nvidia_generation(&quirks, info->compute_units, ask, device);
    /* By inline assembly, which of the drivers for processors PoCL's alone is known to take; op/matrix_units.c finds
     * out whether this device and driver have them. */
    quirks.matrix_units = info->type == PST_DEVICE_GPU ? has(info->vendor, "NVIDIA") : has(info->platform, POCL);
    if (info->type == PST_DEVICE_GPU && has(info->vendor, "Intel"))
        set_intel_registers(&quirks, ask, device);
    return quirks;
}
