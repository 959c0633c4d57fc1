#define _XOPEN_SOURCE 700 /* POSIX 2008 and realpath */

#include "cli/studio/places.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <direct.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/studio/studio.h"
#include "package/printable.h"

#define LOCK STUDIO_OWN "/lock"
#define OWN_NAME "pastiche"

enum { PATH_MOST = 4096, SAFE_MOST = 80, ADDRESS_MOST = 512 };

/* ---- the folder ---- */

#ifdef _WIN32
#define HOME "USERPROFILE"
static bool work_in(const char *path) { return _chdir(path) == 0; }
static char *true_path(const char *path) { return _fullpath(NULL, path, 0); }
#else
#define HOME "HOME"
static bool work_in(const char *path) { return chdir(path) == 0; }
static char *true_path(const char *path) { return realpath(path, NULL); }
#endif

/* XDG_PICTURES_DIR="$HOME/Bilder", as the desktop's file has it; false: it has none. */
static bool pictures_of_desktop(const char *home, char path[PATH_MOST]) {
    static const char key[] = "XDG_PICTURES_DIR=\"";
    const char *config = getenv("XDG_CONFIG_HOME");
    char line[PATH_MOST], file[PATH_MOST];
    bool found = false;
    snprintf(file, sizeof file, "%s%s/user-dirs.dirs", config && *config ? config : home,
             config && *config ? "" : "/.config");
    FILE *from = fopen(file, "r");
    while (from && fgets(line, sizeof line, from))
        if (strncmp(line, key, sizeof key - 1) == 0) {
            char *value = line + sizeof key - 1;
            const bool at_home = strncmp(value, "$HOME", 5) == 0;
            value[strcspn(value, "\"\n")] = '\0';
            int length = snprintf(path, PATH_MOST, "%s%s", at_home ? home : "", at_home ? value + 5 : value);
            found = length > 0 && length < PATH_MOST && (at_home || *value == '/');
        }
    if (from)
        fclose(from);
    return found;
}

/* The user's folder of pictures, or the home folder, with a folder of ours in it. */
static bool own_folder(char path[PATH_MOST]) {
    const char *home = getenv(HOME);
    if (!home || !*home) {
        complain(HOME " is not set; give a folder: pastiche studio FOLDER");
        return false;
    }
    char pictures[PATH_MOST];
    if (!pictures_of_desktop(home, pictures) || !file_is_folder(pictures)) {
        snprintf(pictures, sizeof pictures, "%s/Pictures", home);
        if (!file_is_folder(pictures))
            snprintf(pictures, sizeof pictures, "%s", home);
    }
    return snprintf(path, PATH_MOST, "%s/" OWN_NAME, pictures) < PATH_MOST;
}

static bool make_places(const char *folder) {
    static const char *const places[] = {STUDIO_SOURCES, STUDIO_OWN,    STUDIO_CHECKPOINTS,
                                         STUDIO_THUMBS,  STUDIO_SHEETS, STUDIO_TRASH};
    char path[64];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/.", places[i]);
        if (!file_make_folders(path)) {
            complain("%s: cannot be the studio's folder: %s cannot be made in it: %s", folder, places[i],
                     strerror(errno));
            return false;
        }
    }
    return true;
}

/* A name for a file that cannot be used which is free, so that what was set aside before stays. */
static void name_aside(const char *path, char aside[64]) {
    snprintf(aside, 64, "%s.damaged", path);
    for (int i = 2; file_exists(aside) && i < 100; i++)
        snprintf(aside, 64, "%s.damaged%d", path, i);
}

/* Pipes and the like, on which reading and writing would wait for somebody, and folders. */
static bool set_strange_files_aside(void) {
    static const char *const files[] = {STUDIO_QUEUE, STUDIO_SHELF, STUDIO_GALLERY};
    char aside[64];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (!file_exists(files[i]) || file_is_regular(files[i]))
            continue;
        name_aside(files[i], aside);
        if (rename(files[i], aside) != 0) {
            complain("%s: is no regular file; move it away", files[i]);
            return false;
        }
        complain("%s: is no regular file, and now called %s", files[i], aside);
    }
    return true;
}

char *folder_enter(const char *given) {
    char path[PATH_MOST];
    if (!given && !own_folder(path))
        return NULL;
    if (given && !*given) {
        complain("the name of the studio's folder is empty");
        return NULL;
    }
    if (given && snprintf(path, sizeof path, "%s", given) >= PATH_MOST) {
        complain("%s: the name is too long", given);
        return NULL;
    }
    const size_t length = strlen(path);
    snprintf(path + length, sizeof path - length, "/.");
    if (!file_make_folders(path) || !work_in(path)) {
        const int why = errno;
        path[length] = '\0';
        complain("%s: cannot be the studio's folder: %s; name another one: pastiche studio FOLDER", path,
                 file_exists(path) && !file_is_folder(path) ? "it is a file" : strerror(why));
        return NULL;
    }
    path[length] = '\0';
    return make_places(path) && set_strange_files_aside() ? true_path(".") : NULL;
}

json_t *folder_read_json(const char *path, json_error_t *error) {
    if (file_is_regular(path))
        return json_load_file(path, JSON_REJECT_DUPLICATES, error);
    if (error)
        snprintf(error->text, sizeof error->text, "no regular file");
    return NULL;
}

void folder_set_aside(const char *path, const char *why, const char *loss) {
    char aside[64];
    const size_t length = strlen(path);
    name_aside(path, aside);
    if (strncmp(why, path, length) == 0 && strncmp(why + length, ": ", 2) == 0)
        why += length + 2; /* a message about the file */
    complain("%s: cannot be used (%s) and is now called %s; %s", path, why, rename(path, aside) == 0 ? aside : path,
             loss);
}

json_t *folder_read_list(const char *path, const char *key, const char *loss) {
    json_error_t error;
    json_t *root;
    if (!file_exists(path))
        return NULL;
    if (!(root = folder_read_json(path, &error)) || !json_is_array(json_object_get(root, key))) {
        folder_set_aside(path, root ? "it has no list" : error.text, loss);
        json_decref(root);
        return NULL;
    }
    return root;
}

char *folder_absolute(const char *path) { return file_exists(path) ? true_path(path) : NULL; }

/* ---- the lock ---- */

/* The address that the studio at work has written. */
static void complain_locked(const char *folder) {
    char address[ADDRESS_MOST] = "";
    FILE *from = fopen(LOCK, "r");
    if (!from || !fgets(address, sizeof address, from))
        address[0] = '\0';
    if (from)
        fclose(from);
    complain("%s: a studio is at work on it%s%s", folder, *address ? ", at " : "", address);
}

#ifdef _WIN32
static HANDLE lock = INVALID_HANDLE_VALUE; /* as long as the program runs */

bool folder_lock(const char *folder) {
    lock = CreateFileA(LOCK, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL,
                       NULL);
    if (lock != INVALID_HANDLE_VALUE)
        return true;
    if (GetLastError() == ERROR_SHARING_VIOLATION)
        complain_locked(folder);
    else
        complain("%s: cannot be locked", folder);
    return false;
}

void folder_announce(const char *url) {
    DWORD written;
    SetFilePointer(lock, 0, NULL, FILE_BEGIN);
    SetEndOfFile(lock);
    WriteFile(lock, url, (DWORD)strlen(url), &written, NULL);
}
#else
static int lock = -1; /* as long as the program runs: who closes any file of this name would lose it */

bool folder_lock(const char *folder) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock >= 0 && fcntl(lock, F_SETLK, &whole) == 0)
        return true;
    if (lock >= 0 && (errno == EACCES || errno == EAGAIN))
        complain_locked(folder);
    else
        complain("%s: cannot be locked: %s", folder, strerror(errno));
    return false;
}

/* The address is for people alone: where it cannot be written, they are not told it. */
void folder_announce(const char *url) {
    const size_t length = strlen(url);
    if (ftruncate(lock, 0) != 0 || pwrite(lock, url, length, 0) != (ssize_t)length)
        errno = 0;
}
#endif

/* ---- names ---- */

/* Copies what is harmless in a name of files and "_" for the rest, whole characters as far as there is room. */
static size_t copy_safe(char *to, size_t room, const char *from, const char *end) {
    size_t used = 0, length;
    uint32_t code = 0;
    for (; from < end && (length = pst_character(from, &code)) > 0 && used + length <= room; from += length)
        if (length > 1 ? pst_character_for_names(code) : code >= ' ' && !strchr("<>:\"|?*,\x7f", (int)code))
            memcpy(to + used, from, length), used += length;
        else
            to[used++] = '_';
    while (used > 0 && (to[used - 1] == ' ' || to[used - 1] == '.')) /* which Windows drops */
        used--;
    return used;
}

/* What Windows takes for a device, with any ending. */
static bool is_device(const char *name) {
    static const char *const devices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
    const size_t length = strcspn(name, ".");
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        size_t same = 0;
        while (same < 3 && tolower((unsigned char)name[same]) == devices[i][same])
            same++;
        if (same == 3 && (i < 4 ? length == 3 : length == 4 && name[3] >= '0' && name[3] <= '9'))
            return true;
    }
    return false;
}

char *folder_safe_name(const char *from, char name[FOLDER_NAME_MOST]) {
    enum { ENDING_MOST = 8 };
    for (const char *c = from; *c; c++) /* a name from Windows has the other separators */
        if (*c == '/' || *c == '\\')
            from = c + 1;
    from += strspn(from, ". ~-"); /* hidden, or what the command line takes for more than a name */
    const char *end = from + strlen(from), *ending = from + file_base(from);
    if (end - ending > ENDING_MOST)
        ending = end;
    size_t used = copy_safe(name, SAFE_MOST - (size_t)(end - ending), from, ending);
    if (!used)
        used = strlen(strcpy(name, "image"));
    used += copy_safe(name + used, ENDING_MOST, ending, end);
    name[used] = '\0';
    if (is_device(name)) {
        memmove(name + 1, name, used + 1);
        name[0] = '_';
    }
    return name;
}

char *folder_free_name(const char *folder, char name[FOLDER_NAME_MOST], bool (*is_taken)(void *user, const char *name),
                       void *user) {
    char path[PATH_MOST], first[FOLDER_NAME_MOST];
    strcpy(first, name);
    const size_t base = file_base(first);
    for (int i = 2; i < 1000000; i++) {
        snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name);
        if (!file_exists(path) && !(is_taken && is_taken(user, name)))
            break;
        snprintf(name, FOLDER_NAME_MOST, "%.*s %d%s", (int)base, first, i, first + base);
    }
    return name;
}
