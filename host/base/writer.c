/* Whole files that replace others: through a temporary file beside them, which the writer holds a lock on as long as it
 * lives. What killed writers left has no lock, and the next writer of the same file removes it. */
#include "base/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"

/* The length of the folder's part of a path, without the separator behind it; 0 where the path names none. */
static size_t folder_length(const char *path) {
    size_t length = strlen(path);
    while (length > 0 && !pst_system_is_separator(path[length - 1]))
        length--;
    return length > 1 ? length - 1 : length; /* "/" stays */
}

/* Writes into the file itself where it is a device or a pipe, which a rename would destroy; otherwise into a new
 * temporary file in the folder of the file. A symbolic link is followed, so that it stays a link. */
struct pst_writer {
    int descriptor;
    char *path;
    char *linked; /* where the link leads, or NULL; from malloc */
    char *folder;
    char *temporary; /* NULL where the file itself is written, and once it has its name */
};

void pst_writer_close(pst_writer *to) {
    if (!to)
        return;
    if (to->temporary)
        pst_system_remove(to->temporary); /* before the lock goes */
    if (to->descriptor >= 0)
        pst_system_close_read(to->descriptor);
    free(to->linked);
    pst_free(to->path);
    pst_free(to->folder);
    pst_free(to->temporary);
    pst_free(to);
}

/* ---- temporary files: NAME.pastiche-XXXXXX.tmp ---------------------------------------------------------------- */

#define DIGITS 6

typedef struct sweep {
    const char *folder; /* with its separator, or "" */
    const char *begin;  /* of the names of this file's temporary ones */
} sweep;

static void remove_dead(void *self, const char *name) {
    const sweep *s = self;
    size_t begin = strlen(s->begin);
    char path[4096];
    if (strncmp(name, s->begin, begin) != 0 || strspn(name + begin, "0123456789abcdef") != DIGITS ||
        strcmp(name + begin + DIGITS, ".tmp") != 0)
        return;
    int length = snprintf(path, sizeof path, "%s%s", s->folder, name);
    if (length > 0 && (size_t)length < sizeof path)
        pst_system_remove_dead(path);
}

static pst_status open_temporary(pst_error *error, bool own, pst_writer *to) {
    pst_status status = PST_OK;
    const char *target = to->linked ? to->linked : to->path;
    size_t length = folder_length(target), capacity = strlen(target) + 48;
    char *name = NULL, *within = NULL;
    PST_TRY(pst_allocate(error, capacity, 1, &to->folder));
    memcpy(to->folder, length ? target : ".", length ? length : 1);
    PST_TRY(pst_allocate(error, capacity, 1, &name));
    PST_TRY(pst_allocate(error, capacity, 1, &within));

    /* The name is cut, since the longest that a folder takes is 255 bytes. */
    const char *base = target + (length ? length + !pst_system_is_separator(target[length - 1]) : 0);
    snprintf(within, capacity, "%.*s", (int)(base - target), target);
    snprintf(name, capacity, "%.200s" PST_WRITER_MARK, base);
    pst_system_list(to->folder, remove_dead, &(sweep){within, name});
    unsigned tag = (unsigned)pst_system_process() * 2654435761u + (unsigned)(uint64_t)(pst_clock_seconds() * 1e6);
    for (int attempt = 0; attempt < 100 && to->descriptor < 0; attempt++) {
        snprintf(name, capacity, "%s%.200s" PST_WRITER_MARK "%0*x.tmp", within, base, DIGITS,
                 (tag + attempt) & 0xffffff);
        to->descriptor = pst_system_open_new(name, own);
        if (to->descriptor < 0 && errno != EEXIST)
            break;
    }
    if (to->descriptor >= 0) {
        to->temporary = name;
        name = NULL;
        goto cleanup;
    }
    pst_system_facts facts;
    if (errno == ENOENT && !pst_system_facts_at(to->folder, &facts))
        status = pst_fail(error, PST_ERROR_FILE, "%s: the folder %s does not exist", to->path, to->folder);
    else
        status = pst_file_fail(error, to->path, "cannot be written in this folder");

cleanup:
    pst_free(name);
    pst_free(within);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static pst_status fail(pst_error *error, const char *path, int code, const char *what) {
    errno = code;
    return pst_file_fail(error, path, what);
}

static pst_status open_writer(pst_error *error, const char *path, bool own, pst_writer **writer) {
    pst_status status = PST_OK;
    pst_system_facts facts;
    pst_writer *to = NULL;
    *writer = NULL;
    size_t length = strlen(path);
    if (length == 0)
        return pst_fail(error, PST_ERROR_FILE, "the name of the file to write is empty");
    bool exists = pst_system_facts_at(path, &facts);
    if (!exists && errno != ENOENT && errno != ENOTDIR && errno != EACCES) /* with which the folder says more below */
        return pst_file_fail(error, path, "cannot be examined");
    if ((exists && facts.kind == PST_SYSTEM_FOLDER) || (!exists && pst_system_is_separator(path[length - 1])))
        return fail(error, path, EISDIR, "cannot be written");
    if (exists && !pst_system_may_write(path))
        return pst_file_fail(error, path, "may not be overwritten");
    PST_TRY(pst_allocate(error, 1, sizeof *to, &to));
    to->descriptor = -1;
    PST_TRY(pst_copy_text(error, path, &to->path));
    if (exists && facts.kind == PST_SYSTEM_OTHER) {
        to->descriptor = pst_system_open_write(path);
        if (to->descriptor < 0)
            PST_TRY(pst_file_fail(error, path, "cannot be opened for writing"));
    } else {
        if (!pst_system_follow(path, &to->linked))
            PST_TRY(pst_file_fail(error, path, "cannot be examined"));
        PST_TRY(open_temporary(error, own, to));
        if (exists && !own)
            pst_system_set_mode(to->descriptor, facts.mode);
    }
    *writer = to;
    to = NULL;

cleanup:
    pst_writer_close(to);
    return status;
}

pst_status pst_writer_open(pst_error *error, const char *path, pst_writer **writer) {
    return open_writer(error, path, false, writer);
}

pst_status pst_writer_open_own(pst_error *error, const char *path, pst_writer **writer) {
    return open_writer(error, path, true, writer);
}

pst_status pst_writer_append(pst_error *error, pst_writer *to, const void *data, size_t bytes) {
    const uint8_t *at = data;
    while (bytes > 0) {
        int64_t put = pst_system_write(to->descriptor, at, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return pst_file_fail(error, to->path, "cannot be written");
        at += put;
        bytes -= (size_t)put;
    }
    return PST_OK;
}

pst_status pst_writer_install(pst_error *error, pst_writer *to) {
    if (!pst_system_sync(to->descriptor))
        return pst_file_fail(error, to->path, "cannot be written");
    if (!to->temporary)
        return PST_OK;
    if (!pst_system_rename(&to->descriptor, to->temporary, to->linked ? to->linked : to->path, to->folder))
        return pst_file_fail(error, to->path, "cannot be replaced");
    pst_free(to->temporary);
    to->temporary = NULL;
    return PST_OK;
}

pst_status pst_file_save(pst_error *error, const char *path, const void *data, size_t bytes) {
    pst_writer *to;
    pst_status status;
    PST_TRY(pst_writer_open(error, path, &to));
    PST_TRY(pst_writer_append(error, to, data, bytes));
    PST_TRY(pst_writer_install(error, to));
cleanup:
    pst_writer_close(to);
    return status;
}

pst_status pst_file_save_check(pst_error *error, const char *path) {
    pst_system_facts facts;
    pst_writer *to;
    if (pst_system_facts_at(path, &facts) && facts.kind == PST_SYSTEM_OTHER) /* opening a pipe can block */
        return pst_system_may_write(path) ? PST_OK : pst_file_fail(error, path, "may not be written");
    pst_status status = pst_writer_open(error, path, &to);
    pst_writer_close(to);
    return status;
}
