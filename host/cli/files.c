#define _POSIX_C_SOURCE 200809L

#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

bool file_is_at_home(const char *path)
{
    return path[0] == '~' && (path[1] == '/' || path[1] == '\0') && !file_exists(path);
}

char *file_from_home(const char *path)
{
#ifdef _WIN32
    const char *home = getenv("USERPROFILE");
#else
    const char *home = getenv("HOME");
#endif
    size_t size = home && *home ? strlen(home) + strlen(path) : 0;
    char *expanded = size ? malloc(size) : NULL;
    if (expanded)
        snprintf(expanded, size, "%s%s", home, path + 1);
    return expanded;
}

bool file_same(const char *a, const char *b)
{
    if (!a || !b || strcmp(a, "-") == 0 || strcmp(b, "-") == 0) /* streams */
        return false;
    if (strcmp(a, b) == 0)
        return true;
#ifdef _WIN32
    return false; /* stat has no file numbers there */
#else
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
#endif
}

const char *file_name(const char *path)
{
    const char *name = path;
    for (const char *c = path; *c; c++)
#ifdef _WIN32
        if (*c == '/' || *c == '\\')
#else
        if (*c == '/')
#endif
            name = c + 1;
    return name;
}

char *file_numbered(const char *path, int number)
{
    const char *dot = strrchr(file_name(path), '.');
    size_t base = dot ? (size_t)(dot - path) : strlen(path);
    size_t size = strlen(path) + 16;
    char *numbered = malloc(size);
    if (numbered)
        snprintf(numbered, size, "%.*s_%d%s", (int)base, path, number, path + base);
    return numbered;
}
