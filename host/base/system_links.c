#if !defined(_WIN32)
#define _XOPEN_SOURCE 700 /* realpath, readlink; must stand before any header */
#endif

#include "base/system.h"

#if defined(_WIN32)
bool pst_system_follow(const char *path, char **target) { return (void)path, *target = NULL, true; }
char *pst_system_real(const char *path) { return (void)path, NULL; }
#else
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MOST 40 /* one after the other, as in Linux */
#define NAME_MOST 4096

char *pst_system_real(const char *path) { return realpath(path, NULL); }

/* `name` in the folder of `path`, from malloc. */
static char *beside(const char *path, const char *name) {
    const char *end = *name == '/' ? NULL : strrchr(path, '/');
    const size_t folder = end ? (size_t)(end - path) + 1 : 0, bytes = folder + strlen(name) + 1;
    char *joined = malloc(bytes);
    if (joined)
        snprintf(joined, bytes, "%.*s%s", (int)folder, path, name);
    return joined;
}

/* The name of the file that is not there at the end of links: what a program that opens the first one would make. */
static char *follow_to_nothing(const char *path) {
    char name[NAME_MOST];
    char *at = beside("", path);
    for (int i = 0; at && i < LINKS_MOST; i++) {
        const ssize_t length = readlink(at, name, sizeof name - 1);
        if (length < 0 && errno == ENOENT)
            return at;
        char *next = NULL;
        if (length >= 0) {
            name[length] = '\0';
            next = beside(at, name);
        }
        free(at);
        at = next;
    }
    free(at); /* somebody changes it meanwhile */
    return NULL;
}

/* The system may forbid to follow a link that others made in a folder of everybody: then stat fails, and so does this.
 */
bool pst_system_follow(const char *path, char **target) {
    struct stat found;
    *target = NULL;
    if (lstat(path, &found) != 0)
        return errno == ENOENT;
    if (!S_ISLNK(found.st_mode))
        return true;
    if (stat(path, &found) == 0)
        *target = pst_system_real(path);
    else if (errno == ENOENT)
        *target = follow_to_nothing(path);
    return *target != NULL;
}
#endif
