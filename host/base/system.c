#if !defined(_WIN32)
#define _XOPEN_SOURCE 700 /* POSIX 2008; must stand before any header */
#define _FILE_OFFSET_BITS 64
#define _DARWIN_C_SOURCE /* flock */
#endif

#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/clock.h"

#define CHUNK_BYTES ((size_t)1 << 30) /* what every system takes in one call */

#if defined(_WIN32)
#include <direct.h>
#include <io.h>
#include <process.h>
#include <sys/utime.h>
#include <time.h>
#include <wchar.h>
#include <windows.h>

typedef struct _stat64 system_stat;

static bool to_wide(const char *path, wchar_t wide[MAX_PATH]) {
    bool fits = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, MAX_PATH) > 0;
    if (!fits)
        errno = ENOENT;
    return fits;
}

static int stat_path(const char *path, system_stat *found) {
    wchar_t wide[MAX_PATH];
    return to_wide(path, wide) ? _wstat64(wide, found) : -1;
}

static int open_wide(const char *path, int flags) {
    wchar_t wide[MAX_PATH];
    return to_wide(path, wide) ? _wopen(wide, flags | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE) : -1;
}

int pst_system_open_read(const char *path) { return open_wide(path, _O_RDONLY); }
int pst_system_open_write(const char *path) { return open_wide(path, _O_WRONLY); }
int pst_system_open_new(const char *path, bool own) {
    (void)own; /* the files of a user are so there */
    return open_wide(path, _O_WRONLY | _O_CREAT | _O_EXCL);
}

int pst_system_open_alone(const char *path) {
    wchar_t wide[MAX_PATH];
    if (!to_wide(path, wide))
        return -1;
    HANDLE handle = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_ALWAYS,
                                FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        errno = GetLastError() == ERROR_SHARING_VIOLATION ? EBUSY
                : GetLastError() == ERROR_PATH_NOT_FOUND  ? ENOENT
                                                          : EACCES;
        return -1;
    }
    int descriptor = _open_osfhandle((intptr_t)handle, _O_RDWR | _O_BINARY | _O_NOINHERIT);
    if (descriptor < 0)
        CloseHandle(handle);
    return descriptor;
}

bool pst_system_set_length(int descriptor, uint64_t bytes) {
    return _chsize_s(descriptor, (__int64)bytes) == 0 && _lseeki64(descriptor, (__int64)bytes, SEEK_SET) >= 0;
}

void pst_system_close_read(int descriptor) { _close(descriptor); }
bool pst_system_sync(int descriptor) { return _commit(descriptor) == 0; }
void pst_system_set_mode(int descriptor, unsigned mode) { (void)descriptor, (void)mode; }
bool pst_system_is_separator(char c) { return c == '/' || c == '\\'; }
int pst_system_process(void) { return _getpid(); }
void pst_system_describe(int code, char *text, size_t bytes) { strerror_s(text, bytes, code); }

int64_t pst_system_read(int descriptor, void *data, size_t bytes, uint64_t offset) {
    if (_lseeki64(descriptor, (__int64)offset, SEEK_SET) < 0)
        return -1;
    return _read(descriptor, data, (unsigned)(bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES));
}

int64_t pst_system_write(int descriptor, const void *data, size_t bytes) {
    return _write(descriptor, data, (unsigned)(bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES));
}

bool pst_system_rename(int *descriptor, const char *from, const char *to, const char *folder) {
    wchar_t wide_from[MAX_PATH], wide_to[MAX_PATH];
    (void)folder;
    _close(*descriptor);
    *descriptor = -1;
    if (!to_wide(from, wide_from) || !to_wide(to, wide_to))
        return false;
    if (MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        return true;
    errno = EACCES; /* the usual reason: another program has the file open */
    return false;
}

void pst_system_remove(const char *path) {
    wchar_t wide[MAX_PATH];
    if (to_wide(path, wide))
        _wunlink(wide);
}

/* An open file cannot be removed there; one that was just closed is about to be renamed. */
void pst_system_remove_dead(const char *path) {
    system_stat found;
    if (stat_path(path, &found) == 0 && time(NULL) - found.st_mtime > 60)
        pst_system_remove(path);
}

void pst_system_list(const char *folder, void (*each)(void *user, const char *name), void *user) {
    wchar_t wide[MAX_PATH + 2];
    char name[4 * MAX_PATH];
    WIN32_FIND_DATAW found;
    if (!to_wide(folder, wide))
        return;
    wcscat(wide, L"\\*");
    HANDLE list = FindFirstFileW(wide, &found);
    if (list == INVALID_HANDLE_VALUE)
        return;
    do
        if (WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, name, sizeof name, NULL, NULL) > 0)
            each(user, name);
    while (FindNextFileW(list, &found));
    FindClose(list);
}

bool pst_system_may_write(const char *path) {
    wchar_t wide[MAX_PATH];
    return to_wide(path, wide) && _waccess(wide, 2) == 0;
}

bool pst_system_make_folder(const char *path, bool own) {
    wchar_t wide[MAX_PATH];
    (void)own; /* the folders of a user are so there */
    return to_wide(path, wide) && _wmkdir(wide) == 0;
}

void pst_system_touch(const char *path) {
    wchar_t wide[MAX_PATH];
    if (to_wide(path, wide))
        _wutime(wide, NULL);
}

static bool is_mine(const system_stat *found) { return (void)found, true; }
static bool is_open(const system_stat *found) { return (void)found, false; }
static int64_t last_used(const system_stat *found) { return (int64_t)found->st_mtime * 1000000000; }

static int stat_descriptor(int descriptor, system_stat *found) { return _fstat64(descriptor, found); }

bool pst_system_split(unsigned seconds, uint64_t memory_bytes, int *process, int *descriptor) {
    (void)seconds, (void)memory_bytes, (void)process, (void)descriptor;
    return false;
}

void pst_system_end_split(bool success) { (void)success; }
void pst_system_reap(int process) { (void)process; }
int64_t pst_system_receive(int descriptor, void *data, size_t bytes) {
    (void)descriptor, (void)data, (void)bytes;
    return -1;
}

double pst_clock_seconds(void) {
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return (double)ticks.QuadPart / (double)frequency.QuadPart;
}

#else
#include <dirent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct stat system_stat;

/* Without O_NONBLOCK a FIFO that nobody writes to would hang before it could be refused. */
int pst_system_open_read(const char *path) { return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); }
int pst_system_open_write(const char *path) { return open(path, O_WRONLY | O_CLOEXEC); }

/* A lock that goes with the descriptor, and with the process however it ends; unlike fcntl's, it holds against other
 * descriptors of this process too. 0, or the reason. */
static int lock(int descriptor) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? EBUSY : errno;
}

/* Unlocks first, for a child that was made meanwhile has the descriptor too. */
void pst_system_close_read(int descriptor) {
    flock(descriptor, LOCK_UN);
    close(descriptor);
}

/* Is what is open still what the path names? If not, 0 or the reason why that is not known. */
static bool is_named(int descriptor, const char *path, int *code) {
    struct stat opened, named;
    *code = fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0 ? 0 : errno;
    if (*code == 0)
        return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
    *code = *code == ENOENT ? 0 : *code;
    return false;
}

/* Between being made and being locked it looks dead, and may be removed: then the name is as good as taken. */
int pst_system_open_new(const char *path, bool own) {
    int code = 0, descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, own ? 0600 : 0666);
    if (descriptor >= 0 && (lock(descriptor) == EBUSY || !is_named(descriptor, path, &code))) {
        if (code)
            unlink(path);
        close(descriptor);
        errno = code ? code : EEXIST;
        return -1;
    }
    return descriptor;
}

void pst_system_remove_dead(const char *path) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (descriptor < 0)
        return;
    struct stat found;
    int code;
    if (fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && lock(descriptor) == 0 &&
        is_named(descriptor, path, &code))
        unlink(path);
    pst_system_close_read(descriptor);
}

void pst_system_list(const char *folder, void (*each)(void *user, const char *name), void *user) {
    DIR *list = opendir(folder);
    if (!list)
        return;
    for (struct dirent *entry; (entry = readdir(list));)
        each(user, entry->d_name);
    closedir(list);
}

/* Whoever had the lock before may have renamed or removed the file after we opened it. */
int pst_system_open_alone(const char *path) {
    for (;;) {
        int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0666);
        if (descriptor < 0)
            return -1;
        int code = lock(descriptor);
        struct stat locked, named;
        if (code == 0 && fstat(descriptor, &locked) == 0 && lstat(path, &named) == 0 && locked.st_dev == named.st_dev &&
            locked.st_ino == named.st_ino)
            return descriptor;
        close(descriptor);
        if (code != 0) {
            errno = code;
            return -1;
        }
    }
}

bool pst_system_set_length(int descriptor, uint64_t bytes) {
    return ftruncate(descriptor, (off_t)bytes) == 0 && lseek(descriptor, (off_t)bytes, SEEK_SET) >= 0;
}

void pst_system_set_mode(int descriptor, unsigned mode) { (void)!fchmod(descriptor, (mode_t)(mode & 0777)); }
void pst_system_remove(const char *path) { unlink(path); }
bool pst_system_may_write(const char *path) { return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0; }
bool pst_system_make_folder(const char *path, bool own) { return mkdir(path, own ? 0700 : 0777) == 0; }
void pst_system_touch(const char *path) { utimensat(AT_FDCWD, path, NULL, 0); }
bool pst_system_is_separator(char c) { return c == '/'; }
int pst_system_process(void) { return (int)getpid(); }

int64_t pst_system_read(int descriptor, void *data, size_t bytes, uint64_t offset) {
    return pread(descriptor, data, bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES, (off_t)offset);
}

int64_t pst_system_write(int descriptor, const void *data, size_t bytes) {
    return write(descriptor, data, bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES);
}

bool pst_system_sync(int descriptor) {
    return fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP; /* pipes and some file systems cannot */
}

/* NOLINTNEXTLINE(readability-non-const-parameter): Windows closes it */
bool pst_system_rename(int *descriptor, const char *from, const char *to, const char *folder) {
    if (rename(from, to) != 0)
        return false;
    (void)descriptor; /* stays open, and locked until the name has changed */
    int opened = open(folder, O_RDONLY | O_CLOEXEC);
    if (opened >= 0) {
        fsync(opened); /* the new file is in place whatever this says */
        close(opened);
    }
    return true;
}

static int stat_path(const char *path, system_stat *found) { return stat(path, found); }
static int stat_descriptor(int descriptor, system_stat *found) { return fstat(descriptor, found); }

void pst_system_describe(int code, char *text, size_t bytes) {
    if (strerror_r(code, text, bytes) != 0)
        snprintf(text, bytes, "error %d", code);
}

int64_t pst_system_receive(int descriptor, void *data, size_t bytes) {
    return read(descriptor, data, bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES);
}

/* Bounds the address space, which counts what it has now: where that is unknown, nothing is bounded. */
static void limit_memory(uint64_t more) {
    unsigned long long pages;
    FILE *facts = fopen("/proc/self/statm", "r");
    if (!facts)
        return;
    if (fscanf(facts, "%llu", &pages) == 1) {
        rlim_t most = (rlim_t)(pages * (unsigned long long)sysconf(_SC_PAGESIZE) + more);
        setrlimit(RLIMIT_AS, &(struct rlimit){most, most});
    }
    fclose(facts);
}

static bool is_mine(const system_stat *found) { return found->st_uid == geteuid(); }
static bool is_open(const system_stat *found) { return found->st_mode & (S_IWGRP | S_IWOTH); }

static int64_t last_used(const system_stat *found) {
#if defined(__APPLE__)
    const struct timespec *time = &found->st_mtimespec;
#else
    const struct timespec *time = &found->st_mtim;
#endif
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

bool pst_system_split(unsigned seconds, uint64_t memory_bytes, int *process, int *descriptor) {
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    *process = (int)fork();
    if (*process < 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (*process > 0) {
        close(ends[1]);
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        *descriptor = ends[0];
        return true;
    }
    static const int usual[] = {SIGALRM, SIGXCPU, SIGINT, SIGTERM, SIGHUP, SIGSEGV,
                                SIGABRT, SIGBUS,  SIGFPE, SIGILL,  SIGPIPE};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        signal(usual[i], SIG_DFL); /* whatever the old process does then is not this one's to do */
    close(ends[0]);
    int nowhere = open("/dev/null", O_RDWR);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    limit_memory(memory_bytes);
    setrlimit(RLIMIT_CPU, &(struct rlimit){seconds, seconds});
    alarm(10 * seconds); /* against a lock that another thread of the old process held */
    *descriptor = ends[1];
    return true;
}

void pst_system_end_split(bool success) { _exit(success ? 0 : 1); }

void pst_system_reap(int process) {
    kill(process, SIGKILL); /* it has nothing left to do, and must not be waited for */
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR)
        continue;
}

double pst_clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
#endif

static bool learn(int result, const system_stat *found, pst_system_facts *facts) {
    if (result != 0)
        return false;
    unsigned type = (unsigned)found->st_mode & S_IFMT;
    facts->kind = type == S_IFREG ? PST_SYSTEM_FILE : type == S_IFDIR ? PST_SYSTEM_FOLDER : PST_SYSTEM_OTHER;
    facts->bytes = found->st_size > 0 ? (uint64_t)found->st_size : 0;
    facts->mode = (unsigned)found->st_mode;
    facts->mine = is_mine(found);
    facts->own = facts->mine && !is_open(found);
    facts->used = last_used(found);
    return true;
}

bool pst_system_facts_of(int descriptor, pst_system_facts *facts) {
    system_stat found;
    return learn(stat_descriptor(descriptor, &found), &found, facts);
}

bool pst_system_facts_at(const char *path, pst_system_facts *facts) {
    system_stat found;
    return learn(stat_path(path, &found), &found, facts);
}

const pst_system_place *pst_system_places(pst_system_use use) {
#if defined(_WIN32)
    static const pst_system_place cache[] = {{"LOCALAPPDATA", "pastiche", false, NULL},
                                             {NULL, NULL, false, "LOCALAPPDATA"}};
    static const pst_system_place data[] = {{"PASTICHE_DATA", "", false, NULL},
                                            {"LOCALAPPDATA", "pastiche", false, NULL},
                                            {NULL, NULL, false, "PASTICHE_DATA"}};
#else
    static const pst_system_place cache[] = {{"XDG_CACHE_HOME", "pastiche", true, NULL},
                                             {"HOME", ".cache/pastiche", true, NULL},
                                             {NULL, NULL, false, "XDG_CACHE_HOME or HOME"}};
    static const pst_system_place data[] = {
        {"PASTICHE_DATA", "", false, NULL},
#if defined(__APPLE__)
        {"HOME", "Library/Application Support/pastiche", true, NULL},
#else
        {"XDG_DATA_HOME", "pastiche", true, NULL},
        {"HOME", ".local/share/pastiche", true, NULL},
#endif
        {NULL, NULL, false, "PASTICHE_DATA or HOME"}
    };
#endif
    return use == PST_SYSTEM_CACHE ? cache : data;
}
