#define _XOPEN_SOURCE 700 /* POSIX 2008 and the bits of a mode */

#include "cli/options/file_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef _WIN32
#include <direct.h>
#endif

#include "package/links.h"

static bool is_separator(char c) {
#ifdef _WIN32
    return c == '/' || c == '\\';
#else
    return c == '/';
#endif
}

bool file_exists(const char *path) {
    struct stat about;
    return stat(path, &about) == 0;
}

bool file_is_at_home(const char *path) {
    return path[0] == '~' && (path[1] == '/' || path[1] == '\0') && !file_exists(path);
}

char *file_from_home(const char *path) {
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

bool file_is_folder(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & S_IFMT) == S_IFDIR;
}

bool file_is_regular(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & S_IFMT) == S_IFREG;
}

/* Without links; the caller frees it. NULL: there is none, or no memory is left. */
static char *true_path(const char *path) {
#ifdef _WIN32
    return _fullpath(NULL, path, 0);
#else
    return realpath(path, NULL);
#endif
}

/* That of a file's folder, what comes before `name` in its path; the file need not be there. */
static char *true_folder(const char *name, const char *path) {
    size_t length = (size_t)(name - path);
    char *inside = malloc(length + 2);
    if (inside)
        snprintf(inside, length + 2, "%.*s.", (int)length, path);
    char *folder = inside ? true_path(inside) : NULL;
    free(inside);
    return folder;
}

bool file_is_beside(const char *path, const char *other) {
    char *folder = true_folder(file_name(other), other), *file = true_path(path);
    size_t shared = folder ? strlen(folder) : 0;
    bool beside = shared > 0 && file && strncmp(folder, file, shared) == 0 &&
                  (is_separator(folder[shared - 1]) || is_separator(file[shared])); /* the former of a root */
    free(folder);
    free(file);
    return beside;
}

bool file_ends_in(const char *path, const char *const *endings) {
    const char *dot = strrchr(file_name(path), '.');
    for (size_t i = 0; dot && endings[i]; i++) {
        size_t length = strlen(endings[i]), same = 0;
        while (same < length && tolower((unsigned char)dot[1 + same]) == endings[i][same])
            same++;
        if (same == length && !dot[1 + length])
            return true;
    }
    return false;
}

bool file_is_image(const char *path) {
    static const char *const endings[] = {"png", "jpg", "jpeg", "jpe", "jfif", "tif", "tiff", "webp", "bmp", "tga",
                                          "gif", "psd", "hdr",  "ppm", "pgm",  "pbm", "pnm",  "pfm",  NULL};
    return file_ends_in(path, endings);
}

bool file_is_style(const char *path) {
    size_t length = strlen(path);
    return length > 6 && strcmp(path + length - 6, ".style") == 0;
}

/* Where a file will be once its folders are made, behind links that lead nowhere yet; to be freed. NULL: that cannot be
 * found out, or no memory is left. */
static char *future_place(const char *path) {
    char *target = NULL, *folder = NULL, *place = NULL;
    if (!pst_system_follow(path, &target))
        return NULL;
    path = target ? target : path;
    const char *there = file_name(path); /* behind the last folder that is there */
    while (!(folder = true_folder(there, path)) && there > path)
        do
            there--;
        while (there > path && !is_separator(there[-1]));
    if (folder)
        place = malloc(strlen(folder) + strlen(path) + 2);
    size_t length = place ? strlen(strcpy(place, folder)) : 0;
    if (length && is_separator(place[length - 1])) /* of a root */
        length--;
    for (const char *next = there, *end; place && *next; next = end + (*end != 0)) {
        for (end = next; *end && !is_separator(*end);)
            end++;
        const size_t part = (size_t)(end - next);
        if (part == 2 && strncmp(next, "..", 2) == 0)
            while (length > 0 && !is_separator(place[--length]))
                continue;
        else if (part > 0 && !(part == 1 && *next == '.')) {
            place[length] = '/';
            memcpy(place + length + 1, next, part);
            length += 1 + part;
        }
    }
    if (place)
        place[length] = '\0';
    free(folder);
    free(target);
    return place;
}

/* Whether two files, of which one at most is there, would be made as one. */
static bool same_place(const char *a, const char *b) {
    char *one = future_place(a), *other = future_place(b);
    const bool same = one && other && strcmp(one, other) == 0;
    free(one);
    free(other);
    return same;
}

bool file_same(const char *a, const char *b) {
    if (!a || !b || strcmp(a, "-") == 0 || strcmp(b, "-") == 0) /* streams */
        return false;
    if (strcmp(a, b) == 0)
        return true;
#ifndef _WIN32 /* stat has no file numbers there */
    struct stat first, second;
    const bool is_first = stat(a, &first) == 0, is_second = stat(b, &second) == 0;
    if (is_first && is_second)
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
#endif
    return same_place(a, b);
}

file_mark file_mark_of(const char *path) {
    struct stat about;
    if (stat(path, &about) != 0 || (about.st_mode & S_IFMT) != S_IFREG)
        return (file_mark){0};
    long long changed = (long long)about.st_mtime * 1000000000;
#if !defined(_WIN32) && !defined(__APPLE__)
    changed += about.st_mtim.tv_nsec;
#endif
    return (file_mark){(unsigned long long)about.st_dev, (unsigned long long)about.st_ino,
                       (unsigned long long)about.st_size, changed};
}

bool file_is_marked(const char *path, const file_mark *mark) {
    file_mark now = file_mark_of(path);
    return now.changed != 0 && now.device == mark->device && now.number == mark->number && now.bytes == mark->bytes &&
           now.changed == mark->changed;
}

const char *file_name(const char *path) {
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (is_separator(*c))
            name = c + 1;
    return name;
}

size_t file_base(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

static bool make_folder(const char *path) {
#ifdef _WIN32
    return _mkdir(path) == 0;
#else
    return mkdir(path, 0777) == 0;
#endif
}

bool file_make_folders(const char *path) {
    size_t length = (size_t)(file_name(path) - path);
    char *part = malloc(length + 1);
    bool good = part != NULL;
    for (size_t i = 1; good && i < length; i++) {
        if (path + i != file_name(path) - 1 && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        good = file_is_folder(part) || make_folder(part);
    }
    free(part);
    return good;
}

bool file_has_folder(const char *path) {
    char *target = NULL;
    if (!pst_system_follow(path, &target))
        return true; /* who opens it tells why */
    path = target ? target : path;
    size_t length = (size_t)(file_name(path) - path);
    char *folder = malloc(length + 2);
    if (folder)
        snprintf(folder, length + 2, "%.*s", length ? (int)length : 1, length ? path : ".");
    bool there = folder && file_is_folder(folder);
    free(folder);
    free(target);
    return there;
}

bool file_is_below_file(const char *path) {
    const size_t length = strlen(path);
    char *part = malloc(length + 1);
    bool below = false;
    for (size_t i = 1; part && i < length && !below; i++) {
        if (!is_separator(path[i]))
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        below = file_exists(part) && !file_is_folder(part);
    }
    free(part);
    return below;
}

char *file_numbered(const char *path, int number) {
    const char *dot = strrchr(file_name(path), '.');
    size_t base = dot ? (size_t)(dot - path) : strlen(path);
    size_t size = strlen(path) + 16;
    char *numbered = malloc(size);
    if (numbered)
        snprintf(numbered, size, "%.*s_%d%s", (int)base, path, number, path + base);
    return numbered;
}
