#define _POSIX_C_SOURCE 200809L

#include "cli/options/paths.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#define SEPARATORS "/\\"
#else
#include <dirent.h>
#define SEPARATORS "/"
#endif

#include "cli/options/complain.h"
#include "cli/options/file_names.h"

#define WILD "*?"

bool paths_add(path_list *list, const char *path) {
    size_t bytes = strlen(path) + 1, room = list->room ? 2 * list->room : 16;
    if (list->count == list->room) {
        char **more = realloc(list->paths, room * sizeof *more);
        if (!more) {
            complain("no memory left");
            return false;
        }
        list->paths = more;
        list->room = room;
    }
    char *copy = malloc(bytes);
    if (!copy) {
        complain("no memory left");
        return false;
    }
    list->paths[list->count++] = memcpy(copy, path, bytes);
    return true;
}

bool paths_have(const path_list *list, const char *path) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->paths[i], path) == 0)
            return true;
    return false;
}

void paths_free(path_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (path_list){0};
}

/* ---- folders ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

#ifdef _WIN32
bool paths_read_names(const char *folder, path_list *names) {
    wchar_t wide[MAX_PATH];
    char name[3 * MAX_PATH + 1];
    WIN32_FIND_DATAW found;
    snprintf(name, sizeof name, "%s/*", folder);
    if (MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, MAX_PATH) <= 0)
        return true;
    HANDLE search = FindFirstFileW(wide, &found);
    if (search == INVALID_HANDLE_VALUE)
        return true;
    bool good = true;
    do
        good = WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, name, sizeof name, NULL, NULL) <= 0 ||
               paths_add(names, name);
    while (good && FindNextFileW(search, &found));
    FindClose(search);
    return good;
}
#else
bool paths_read_names(const char *folder, path_list *names) {
    DIR *directory = opendir(folder);
    if (!directory) {
        if (errno != EACCES)
            return true;
        complain("%s: the folder cannot be read: %s", folder, strerror(errno));
        return false;
    }
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(directory));)
        good = paths_add(names, entry->d_name);
    closedir(directory);
    return good;
}
#endif

bool paths_fit(const char *pattern, const char *name) {
    const char *star = NULL, *from = NULL; /* the last star, and where what it stands for ends */
    while (*name) {
#ifdef _WIN32
        bool same = tolower((unsigned char)*pattern) == tolower((unsigned char)*name);
#else
        bool same = *pattern == *name;
#endif
        if (*pattern == '*') {
            star = ++pattern;
            from = name;
        } else if (*pattern == '?') {
            pattern++;
            for (name++; (*name & 0xc0) == 0x80;) /* a character of UTF-8 */
                name++;
        } else if (*pattern && same) {
            pattern++, name++;
        } else if (star) {
            pattern = star;
            name = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

/* ---- patterns ---- */

static char *join(const char *folder, const char *name, size_t length, const char *rest) {
    size_t bytes = strlen(folder) + length + strlen(rest) + 1;
    char *path = malloc(bytes);
    if (path)
        snprintf(path, bytes, "%s%.*s%s", folder, (int)length, name, rest);
    else
        complain("no memory left");
    return path;
}

/* What is an image its name says. Folders, devices and pipes are neither images nor left out. */
static bool add_file(path_list *list, path_list *left_out, const char *path, bool styles) {
    if (file_is_image(path) || (styles && file_is_style(path)))
        return file_is_folder(path) || paths_add(list, path);
    return !file_is_regular(path) || paths_have(left_out, path) || paths_add(left_out, path);
}

/* Adds the images that fit the pattern below a folder, which is "" or ends with a separator. */
static bool add_fitting(path_list *list, path_list *left_out, const char *folder, const char *pattern, bool styles) {
    size_t length = strcspn(pattern, SEPARATORS), wild = strcspn(pattern, WILD SEPARATORS);
    size_t next = length + strspn(pattern + length, SEPARATORS);
    bool last = pattern[next] == '\0', good;
    char *path, *part = join("", pattern, length, "");
    path_list names = {0};
    if (!part)
        return false;
    if (wild == length) {
        good = (path = join(folder, pattern, next, "")) != NULL;
        if (good)
            good = !last ? add_fitting(list, left_out, path, pattern + next, styles)
                         : !file_exists(path) || paths_add(list, path);
        free(path);
        free(part);
        return good;
    }
    good = paths_read_names(*folder ? folder : ".", &names);
    if (names.count)
        qsort(names.paths, names.count, sizeof *names.paths, by_name);
    for (size_t i = 0; good && i < names.count; i++) {
        const char *name = names.paths[i];
        if ((*name == '.' && *part != '.') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            !paths_fit(part, name))
            continue;
        good = (path = join(folder, name, strlen(name), last ? "" : "/")) != NULL;
        if (good && last)
            good = add_file(list, left_out, path, styles);
        else if (good)
            good = !file_is_folder(path) || add_fitting(list, left_out, path, pattern + next, styles);
        free(path);
    }
    paths_free(&names);
    free(part);
    return good;
}

bool paths_is_pattern(const char *word) { return strpbrk(word, WILD) && !file_exists(word); }

/* Names of files, for people: "a, b and 3 more". */
char *paths_names(const path_list *list, char *text, size_t size) {
    size_t used = 0, i = 0;
    text[0] = '\0';
    for (; i < list->count && (i == 0 || used + strlen(list->paths[i]) + 32 < size); i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", list->paths[i]);
    if (i < list->count)
        snprintf(text + used, size - used, " and %zu more", list->count - i);
    return text;
}

/* Where a word gave no image. */
static bool complain_of(const char *word, const char *problem, const path_list *left_out) {
    char names[PATHS_SHOWN];
    complain("%s: %s%s%s%s", word, problem, left_out->count ? "; " : "", paths_names(left_out, names, sizeof names),
             left_out->count ? ": not images that can be read; convert photos to JPEG or PNG" : "");
    return false;
}

bool paths_expand(path_list *list, path_list *left_out, const char *word, bool styles) {
    size_t before = list->count;
    if (file_is_folder(word)) {
        bool closed = *word && strchr(SEPARATORS, word[strlen(word) - 1]);
        char *folder = join("", word, strlen(word), closed ? "" : "/");
        bool good = folder && add_fitting(list, left_out, folder, "*", styles);
        free(folder);
        return good && (list->count > before || complain_of(word, "there are no images in this folder", left_out));
    }
    if (!paths_is_pattern(word))
        return paths_add(list, word);
    if (!add_fitting(list, left_out, "", word, styles))
        return false;
    return list->count > before || complain_of(word, "no image fits this pattern", left_out);
}
