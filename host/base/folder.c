#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"

static pst_status create(pst_error *error, const char *path, bool own) {
    char *part;
    pst_system_facts facts;
    pst_status status = pst_copy_text(error, path, &part);
    if (status != PST_OK)
        return status;
    for (size_t i = 1; *path; i++) {
        bool end = part[i] == 0;
        if (!end && !pst_system_is_separator(part[i]))
            continue;
        char separator = part[i];
        part[i] = 0;
        /* Parents may be there and yet not be ours to make, so only what is missing matters. */
        if (!pst_system_make_folder(part, own) &&
            !(pst_system_facts_at(part, &facts) && facts.kind == PST_SYSTEM_FOLDER)) {
            if (errno == EEXIST || errno == ENOTDIR)
                PST_TRY(pst_fail(error, PST_ERROR_FILE, "%s: %s is a file, not a folder", path, part));
            char reason[128];
            pst_system_describe(errno, reason, sizeof reason);
            PST_TRY(pst_fail(error, PST_ERROR_FILE, "%s: the folder cannot be made (%s)", path, reason));
        }
        part[i] = separator;
        if (end)
            break;
    }
    if (!*path)
        status = pst_fail(error, PST_ERROR_FILE, "the name of the folder is empty");

cleanup:
    pst_free(part);
    return status;
}

pst_status pst_folder_create(pst_error *error, const char *path) { return create(error, path, false); }

pst_status pst_folder_create_own(pst_error *error, const char *path) {
    pst_system_facts facts;
    pst_status status = create(error, path, true);
    if (status == PST_OK && !(pst_system_facts_at(path, &facts) && facts.own))
        status = pst_fail(error, PST_ERROR_FILE, "%s: is another user's folder, or others may write to it", path);
    return status;
}

pst_status pst_folder_create_for(pst_error *error, const char *file) {
    size_t length = (size_t)(pst_path_name(file) - file);
    char *folder;
    if (length == 0)
        return PST_OK;
    pst_status status = pst_copy_text(error, file, &folder);
    if (status != PST_OK)
        return status;
    folder[length] = 0;
    status = pst_folder_create(error, folder);
    pst_free(folder);
    return status;
}

typedef struct counting {
    const char *ending;
    size_t count;
} counting;

static void count_name(void *user, const char *name) {
    counting *c = user;
    size_t length = strlen(name), ending = strlen(c->ending);
    c->count += length >= ending && strcmp(name + length - ending, c->ending) == 0;
}

size_t pst_folder_count(const char *path, const char *ending) {
    counting c = {ending, 0};
    pst_system_list(path, count_name, &c);
    return c.count;
}

/* The first of the system's places for `use` whose variable is set. */
static pst_status find_folder(pst_error *error, pst_system_use use, const char *what, char **path) {
    const pst_system_place *place = pst_system_places(use);
    for (; place->variable; place++) {
        const char *folder = getenv(place->variable);
        if (folder && *folder && (!place->absolute || pst_system_is_separator(folder[0])))
            return pst_path_join(error, folder, place->below, path);
    }
    *path = NULL;
    return pst_fail(error, PST_ERROR_FILE, "there is no %s folder: set %s to an absolute path", what, place->advice);
}

pst_status pst_folder_cache(pst_error *error, char **path) {
    return find_folder(error, PST_SYSTEM_CACHE, "cache", path);
}

pst_status pst_folder_data(pst_error *error, char **path) { return find_folder(error, PST_SYSTEM_DATA, "data", path); }

pst_status pst_path_join(pst_error *error, const char *folder, const char *name, char **path) {
    size_t length = strlen(folder), bytes = length + strlen(name) + 2;
    pst_status status = pst_allocate(error, bytes, 1, path);
    bool separate = *name && length > 0 && !pst_system_is_separator(folder[length - 1]);
    if (status == PST_OK)
        snprintf(*path, bytes, "%s%s%s", folder, separate ? "/" : "", name);
    return status;
}

pst_status pst_path_beside(pst_error *error, const char *path, const char *name, char **beside) {
    size_t folder = (size_t)(pst_path_name(path) - path), bytes = folder + strlen(name) + 1;
    pst_status status = pst_allocate(error, bytes, 1, beside);
    if (status == PST_OK)
        snprintf(*beside, bytes, "%.*s%s", (int)folder, path, name);
    return status;
}

bool pst_path_is_beside(const char *beside, const char *path) {
    char *leads_to, *real;
    bool good = pst_system_follow(beside, &leads_to) && !leads_to;
    real = leads_to ? pst_system_real(path) : NULL;
    if (real) {
        size_t folder = (size_t)(pst_path_name(real) - real);
        good = (size_t)(pst_path_name(leads_to) - leads_to) == folder && strncmp(leads_to, real, folder) == 0;
    }
    free(leads_to);
    free(real);
    return good;
}

const char *pst_path_name(const char *path) {
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (pst_system_is_separator(*c))
            name = c + 1;
    return name;
}

pst_path_kind pst_path_examine(const char *path, uint64_t *bytes) {
    pst_system_facts facts = {0};
    bool there = pst_system_facts_at(path, &facts);
    if (bytes)
        *bytes = there && facts.kind == PST_SYSTEM_FILE ? facts.bytes : 0;
    if (!there)
        return PST_PATH_NONE;
    return facts.kind == PST_SYSTEM_FILE     ? PST_PATH_FILE
           : facts.kind == PST_SYSTEM_FOLDER ? PST_PATH_FOLDER
                                             : PST_PATH_OTHER;
}

void pst_path_remove(const char *path) { pst_system_remove(path); }
