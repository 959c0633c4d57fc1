#if !defined(_WIN32)
#define _GNU_SOURCE /* nftw, mkdtemp; must stand before any header */
#define _DARWIN_C_SOURCE
#endif

#include "base/private_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"

#if defined(_WIN32)
pst_status pst_folder_check(pst_error *error, const char *path, uint64_t bytes) {
    (void)error, (void)path, (void)bytes;
    return PST_OK;
}

pst_status pst_private_folder(pst_error *error, uint64_t bytes, const char **path) {
    (void)bytes;
    *path = NULL;
    return pst_fail(error, PST_ERROR_FILE, "there are no private folders on this system");
}

void pst_environment_set(const char *name, const char *value) { _putenv_s(name, value); }
#else
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PATH_MOST = 800, PROBE_BYTES = 65536 };
#define PREFIX "pastiche-kernels-"
#define LOCK "/lock"

/* ---- a folder ---- */

/* Writes a file, which shows quotas too, and maps it as a program would be. NULL: fine; else what cannot be done, with
 * errno. */
static const char *try_file(const char *folder) {
    static const char page[PROBE_BYTES];
    char path[PATH_MOST + 32];
    snprintf(path, sizeof path, "%s/.pastiche-XXXXXX", folder);
    int file = mkstemp(path);
    if (file < 0)
        return "cannot be written to";
    unlink(path); /* now: nothing can leave it behind */
    const char *problem = NULL;
    errno = ENOSPC;
    if (write(file, page, sizeof page) != (ssize_t)sizeof page)
        problem = "cannot be written to";
    void *mapped = problem ? MAP_FAILED : mmap(NULL, PROBE_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    if (!problem && mapped == MAP_FAILED)
        problem = "may not hold programs";
    int code = errno;
    if (mapped != MAP_FAILED)
        munmap(mapped, PROBE_BYTES);
    close(file);
    errno = code;
    return problem;
}

pst_status pst_folder_check(pst_error *error, const char *path, uint64_t bytes) {
    struct statvfs room;
    if (strlen(path) > PATH_MOST)
        return pst_fail(error, PST_ERROR_FILE, "%.40s...: the name is too long", path);
    pst_status status = pst_folder_create(error, path);
    if (status != PST_OK)
        return status;
    const char *problem = try_file(path);
    if (problem)
        return pst_file_fail(error, path, problem);
    if (statvfs(path, &room) == 0 && (uint64_t)room.f_bavail * room.f_frsize < bytes)
        return pst_fail(error, PST_ERROR_FILE, "%s: fewer than %u MiB are free", path, (unsigned)(bytes >> 20));
    return PST_OK;
}

/* ---- a private one ---- */

static char own[PATH_MOST];
static pid_t owner;

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about, (void)kind, (void)place;
    remove(path);
    return 0;
}

static void remove_folder(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT); }

static void remove_own(void) {
    if (getpid() == owner) /* not a child that exits */
        remove_folder(own);
}

/* A folder has its name only while its lock is held, so one whose lock is free belongs to nobody. It must be ours, and
 * no link: where everybody may make names, nobody else can change what is behind this one. */
static void remove_dead(void *parent, const char *name) {
    char path[2 * PATH_MOST];
    struct stat about;
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
        snprintf(path, sizeof path, "%s/%s" LOCK, (const char *)parent, name) >= (int)sizeof path)
        return;
    char *end = strrchr(path, '/');
    *end = '\0';
    if (lstat(path, &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != geteuid())
        return;
    *end = '/';
    int lock = access(path, F_OK) == 0 ? pst_system_open_alone(path) : -1;
    *end = '\0';
    if (lock < 0)
        return;
    remove_folder(path);
    close(lock);
}

/* Under another name until it is locked; the lock is held until the process ends. */
static bool make_in(const char *parent) {
    char made[PATH_MOST + 64], lock[PATH_MOST + 96];
    snprintf(made, sizeof made, "%s/.pastiche-XXXXXX", parent);
    if (!mkdtemp(made))
        return false;
    snprintf(lock, sizeof lock, "%s" LOCK, made);
    snprintf(own, sizeof own, "%s/" PREFIX "%s", parent, made + strlen(made) - 6);
    if (pst_system_open_alone(lock) >= 0 && rename(made, own) == 0)
        return true;
    remove_folder(made);
    return false;
}

pst_status pst_private_folder(pst_error *error, uint64_t bytes, const char **path) {
    const char *const parents[] = {getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"};
    pst_status status = PST_ERROR_FILE;
    *path = own;
    for (size_t i = 0; i < sizeof parents / sizeof *parents && !owner; i++) {
        const char *parent = parents[i];
        if (!parent || !*parent || strlen(parent) > PATH_MOST / 2 || pst_path_examine(parent, NULL) != PST_PATH_FOLDER)
            continue;
        pst_system_list(parent, remove_dead, (void *)(size_t)parent);
        status = pst_folder_check(error, parent, bytes);
        if (status == PST_OK && make_in(parent)) {
            owner = getpid();
            atexit(remove_own);
        }
    }
    if (owner)
        return PST_OK;
    *path = NULL;
    return status == PST_OK ? pst_fail(error, PST_ERROR_FILE, "no temporary folder can be made") : status;
}

void pst_environment_set(const char *name, const char *value) { setenv(name, value, 1); }
#endif
