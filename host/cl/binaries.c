#include "cl/binaries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "package/printable.h"

#define VARIABLE "PASTICHE_BINARIES"
#define MOST_BYTES ((uint64_t)256 << 20) /* a run's programs take up to 20 MiB */

/* The folder that the user named, or that in the cache folder; NULL: the user wants none. */
static pst_status find_folder(pst_error *error, char **folder) {
    const char *named = getenv(VARIABLE);
    char *cache = NULL;
    pst_status status = PST_OK;
    *folder = NULL;
    if (named && strcmp(named, "none") == 0)
        return PST_OK;
    if (named && *named)
        return pst_copy_text(error, named, folder);
    PST_TRY(pst_folder_cache(error, &cache));
    PST_TRY(pst_path_join(error, cache, "binaries", folder));
cleanup:
    pst_free(cache);
    return status;
}

/* NULL for a driver that keeps its own, unless the user wants them kept here too. */
static pst_status find_folder_for(pst_error *error, const pst_device *device, char **folder) {
    const char *named = getenv(VARIABLE);
    *folder = NULL;
    return !(named && *named) && device->quirks.keeps_binaries ? PST_OK : find_folder(error, folder);
}

static void describe(const pst_cache *cache, char notice[PST_BINARIES_NOTICE]) {
    const char *named = getenv(VARIABLE);
    const char *another = named && *named ? "name another folder" : VARIABLE " names another folder";
    static const char *const faults[] = {
        [PST_CACHE_UNREACHED] = "cannot be reached",      [PST_CACHE_NO_FOLDER] = "is a file, not a folder",
        [PST_CACHE_NOT_MINE] = "belongs to another user", [PST_CACHE_WRITABLE] = "others may write to this folder",
        [PST_CACHE_READ_ONLY] = "cannot be written to",
    };
    const pst_cache_fault fault = cache->folder ? pst_cache_examine(cache) : PST_CACHE_USABLE;
    notice[0] = '\0';
    if (fault == PST_CACHE_USABLE)
        return;
    if (strlen(cache->folder) > 256) /* a part of a name is another file's */
        snprintf(notice, PST_BINARIES_NOTICE, "%s", named && *named ? VARIABLE : "the folder of compiled kernels");
    else
        snprintf(notice, PST_BINARIES_NOTICE, "%s%s", cache->folder, named && *named ? " (" VARIABLE ")" : "");
    const size_t used = strlen(notice);
    snprintf(notice + used, PST_BINARIES_NOTICE - used, ": %s, so compiled kernels are not kept there; %s",
             faults[fault], fault == PST_CACHE_WRITABLE ? "chmod 700 mends that" : another);
    pst_make_printable(notice, PST_BINARIES_NOTICE);
}

void pst_binaries_notice(const pst_device *device, char notice[PST_BINARIES_NOTICE]) {
    pst_cache cache = {.most_bytes = MOST_BYTES};
    pst_error none = {0};
    find_folder_for(&none, device, &cache.folder);
    describe(&cache, notice);
    pst_free(cache.folder);
}

pst_status pst_binaries_open(pst_error *error, cl_context context, const pst_device *device, pst_binaries *binaries) {
    pst_error none = {0};
    *binaries = (pst_binaries){.context = context, .device = device, .cache = {NULL, MOST_BYTES}};
    pst_status status = find_folder_for(&none, device, &binaries->cache.folder);
    describe(&binaries->cache, binaries->notice);
    return status == PST_ERROR_MEMORY ? pst_fail(error, status, "%s", none.text) : PST_OK;
}

void pst_binaries_close(pst_binaries *binaries) {
    pst_free(binaries->cache.folder);
    binaries->cache.folder = NULL;
}

static void add_text(pst_digest *digest, const char *text) {
    pst_digest_add(digest, text, strlen(text) + 1); /* so that texts cannot run into each other */
}

void pst_binaries_key(const pst_binaries *binaries, cl_uint count, const char *const *texts, const char *options,
                      char key[PST_CACHE_KEY + 1]) {
    const pst_device *device = binaries->device;
    const pst_device_info *info = &device->info;
    char facts[64], version[128] = "";
    pst_digest digest;
    key[0] = '\0';
    if (!binaries->cache.folder)
        return;
    clGetPlatformInfo(device->platform, CL_PLATFORM_VERSION, sizeof version - 1, version, NULL);
    /* Processors of one name can have different instructions: those of a virtual machine. */
    snprintf(facts, sizeof facts, "%d %d %d %zu", info->type, device->vector_width, device->fast_fma, sizeof(void *));
    const char *const made_for[] = {info->platform,       version, info->vendor, info->name, info->device_version,
                                    info->driver_version, facts,   options};
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    for (size_t i = 0; i < sizeof made_for / sizeof *made_for; i++)
        add_text(&digest, made_for[i]);
    for (cl_uint i = 0; i < count; i++)
        add_text(&digest, texts[i]);
    pst_digest_end(&digest, key);
}

/* Some drivers notice only here that a binary is not theirs. */
static bool builds(const pst_binaries *binaries, cl_program program, const char *options) {
    size_t kernels = 0;
    return clBuildProgram(program, 1, &binaries->device->id, options, NULL, NULL) == CL_SUCCESS &&
           clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof kernels, &kernels, NULL) == CL_SUCCESS && kernels;
}

cl_program pst_binaries_find(const pst_binaries *binaries, const char *key, const char *options) {
    uint8_t *binary;
    size_t bytes;
    cl_int code, binary_code = CL_SUCCESS;
    if (!binaries->cache.folder || !pst_cache_read(&binaries->cache, key, &binary, &bytes))
        return NULL;
    cl_program program = clCreateProgramWithBinary(binaries->context, 1, &binaries->device->id, &bytes,
                                                   (const unsigned char *[]){binary}, &binary_code, &code);
    pst_free(binary);
    bool good = program && code == CL_SUCCESS && binary_code == CL_SUCCESS && builds(binaries, program, options);
    if (good)
        return program;
    if (program)
        clReleaseProgram(program);
    pst_cache_remove(&binaries->cache, key);
    return NULL;
}

void pst_binaries_keep(const pst_binaries *binaries, const char *key, cl_program program) {
    size_t bytes = 0;
    unsigned char *binary = NULL;
    if (!binaries->cache.folder)
        return;
    cl_int code = clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL);
    if (code == CL_SUCCESS && bytes && pst_allocate(NULL, bytes, 1, &binary) == PST_OK &&
        clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
        pst_cache_write(&binaries->cache, key, binary, bytes);
    pst_free(binary);
}

pst_status pst_binaries_clear(pst_error *error, char *folder, size_t folder_bytes, pst_cache_removal *removal) {
    pst_cache cache = {.most_bytes = MOST_BYTES};
    pst_status status = find_folder(error, &cache.folder);
    if (status == PST_OK && cache.folder) {
        *removal = pst_cache_clear(&cache);
        snprintf(folder, folder_bytes, "%s", cache.folder);
    }
    pst_free(cache.folder);
    return status;
}
