/* Files and the browser: what the system does, POSIX or Windows. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "web/platform.h"
#include "web/web.h"

#if defined(_WIN32)
#include <io.h>
/* clang-format off */
#include <windows.h>
#include <shellapi.h> /* which needs it */
/* clang-format on */
#else
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#if defined(_WIN32)
static bool to_wide(const char *path, wchar_t wide[MAX_PATH]) {
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, MAX_PATH) > 0;
}

static FILE *open_as(const char *path, int flags, const char *how) {
    wchar_t wide[MAX_PATH];
    int handle = to_wide(path, wide) ? _wopen(wide, flags | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE) : -1;
    FILE *file = handle < 0 ? NULL : _fdopen(handle, how);
    if (!file && handle >= 0)
        _close(handle);
    return file;
}

FILE *web_file_create(const char *path) { return open_as(path, _O_WRONLY | _O_CREAT | _O_EXCL, "wb"); }

void web_file_remove(const char *path) {
    wchar_t wide[MAX_PATH];
    if (to_wide(path, wide))
        _wremove(wide);
}

FILE *web_file_open(const char *path, unsigned long long *bytes, unsigned long long *version) {
    FILE *file = open_as(path, _O_RDONLY, "rb");
    struct _stat64 about;
    if (file && _fstat64(_fileno(file), &about) == 0 && (about.st_mode & _S_IFREG)) {
        *bytes = (unsigned long long)about.st_size;
        *version = (unsigned long long)about.st_mtime;
        return file;
    }
    if (file)
        fclose(file);
    return NULL;
}

bool web_open_browser(const char *url) {
    return (INT_PTR)ShellExecuteA(NULL, "open", url, NULL, NULL, SW_SHOWNORMAL) > 32; /* as it tells success */
}
#else
static FILE *open_as(const char *path, int flags, const char *how) {
    int handle = open(path, flags | O_CLOEXEC, 0666);
    FILE *file = handle < 0 ? NULL : fdopen(handle, how);
    if (!file && handle >= 0)
        close(handle);
    return file;
}

FILE *web_file_create(const char *path) { return open_as(path, O_WRONLY | O_CREAT | O_EXCL, "wb"); }
void web_file_remove(const char *path) { unlink(path); }

/* Without waiting for who writes into a pipe. */
FILE *web_file_open(const char *path, unsigned long long *bytes, unsigned long long *version) {
    FILE *file = open_as(path, O_RDONLY | O_NONBLOCK, "rb");
    struct stat about;
    if (file && fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode)) {
        *bytes = (unsigned long long)about.st_size;
        *version = (unsigned long long)about.st_mtime * 1000003u ^ (unsigned long long)about.st_ctime * 998244353u ^
                   (unsigned long long)about.st_ino;
        return file;
    }
    if (file)
        fclose(file);
    return NULL;
}

/* ---- the browser ---- */

extern char **environ;

#if defined(__APPLE__)
#define OPENER "open"
static bool has_screen(void) { return true; }
#else
#define OPENER "xdg-open" /* which without a screen would take the terminal */
static bool has_screen(void) { return getenv("DISPLAY") || getenv("WAYLAND_DISPLAY"); }
#endif

static void *await_opener(void *process) {
    while (waitpid((pid_t)(intptr_t)process, NULL, 0) < 0 && errno == EINTR)
        ;
    return NULL;
}

/* In a group of its own, so that Ctrl-C in the terminal does not end the browser. */
bool web_open_browser(const char *url) {
    char opener[] = OPENER, *copy = strdup(url), *words[] = {opener, copy, NULL};
    posix_spawnattr_t how;
    posix_spawn_file_actions_t files;
    pthread_t thread;
    pid_t process;
    if (!copy || !has_screen() || posix_spawnattr_init(&how) != 0) {
        free(copy);
        return false;
    }
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
    bool started = posix_spawn_file_actions_init(&files) == 0;
    if (started) {
        for (int stream = 0; stream < 3; stream++)
            posix_spawn_file_actions_addopen(&files, stream, "/dev/null", stream ? O_WRONLY : O_RDONLY, 0);
        started = posix_spawnp(&process, opener, &files, &how, words, environ) == 0;
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&how);
    free(copy);
    if (started && pthread_create(&thread, NULL, await_opener, (void *)(intptr_t)process) == 0)
        pthread_detach(thread);
    return started;
}
#endif
