#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/system.h"

struct pst_file {
    int descriptor;
    const uint8_t *memory; /* instead of a descriptor: what is inside the library */
    uint64_t bytes;
    char *path;
};

/* "path: what (reason)" from errno, with plainer words where there are some. */
static pst_status fail(pst_error *error, const char *path, const char *what) {
    char reason[128];
    if (errno == ENOENT)
        return pst_fail(error, PST_ERROR_FILE, "%s: no such file or folder", path);
    pst_system_describe(errno, reason, sizeof reason);
    return pst_fail(error, PST_ERROR_FILE, "%s: %s (%s)", path, what, reason);
}

static pst_status fail_folder(pst_error *error, const char *path) {
    return pst_fail(error, PST_ERROR_FILE, "%s: is a folder; the name of a file is needed", path);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static pst_status open_built_in(pst_error *error, const char *path, pst_file **file, uint64_t *bytes) {
    pst_file *opened = NULL;
    const embedded_file *found = embedded_find(pst_built_in_files, path + strlen(PST_BUILT_IN));
    if (!found)
        return pst_fail(error, PST_ERROR_FILE, "%s: this build has no such file inside", path);
    pst_status status = pst_allocate(error, 1, sizeof *opened, &opened);
    if (status == PST_OK)
        status = pst_copy_text(error, path, &opened->path);
    if (status != PST_OK) {
        pst_free(opened);
        return status;
    }
    opened->descriptor = -1;
    opened->memory = found->data;
    opened->bytes = found->bytes;
    if (bytes)
        *bytes = found->bytes;
    *file = opened;
    return PST_OK;
}

pst_status pst_file_open(pst_error *error, const char *path, pst_file **file, uint64_t *bytes) {
    pst_status status = PST_OK;
    pst_file *opened = NULL;
    pst_system_facts facts;
    *file = NULL;
    if (bytes)
        *bytes = 0;
    if (strncmp(path, PST_BUILT_IN, strlen(PST_BUILT_IN)) == 0)
        return open_built_in(error, path, file, bytes);
    int descriptor = pst_system_open_read(path);
    if (descriptor < 0) {
        int code = errno;
        if (pst_system_facts_at(path, &facts) && facts.kind == PST_SYSTEM_FOLDER) /* Windows cannot open those */
            return fail_folder(error, path);
        errno = code;
        return fail(error, path, "cannot be opened");
    }
    if (!pst_system_facts_of(descriptor, &facts))
        PST_TRY(fail(error, path, "cannot be examined"));
    if (facts.kind == PST_SYSTEM_FOLDER)
        PST_TRY(fail_folder(error, path));
    if (facts.kind == PST_SYSTEM_OTHER)
        PST_TRY(pst_fail(error, PST_ERROR_FILE, "%s: is a device or a pipe; a regular file is needed", path));
    PST_TRY(pst_allocate(error, 1, sizeof *opened, &opened));
    PST_TRY(pst_copy_text(error, path, &opened->path));
    opened->descriptor = descriptor;
    opened->bytes = facts.bytes;
    if (bytes)
        *bytes = facts.bytes;
    *file = opened;
    return PST_OK;

cleanup:
    pst_free(opened);
    pst_system_close_read(descriptor);
    return status;
}

pst_status pst_file_read(pst_error *error, pst_file *file, uint64_t offset, void *data, size_t bytes) {
    uint8_t *at = data;
    if (offset > file->bytes || bytes > file->bytes - offset)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is cut short: it has %llu bytes, and %llu were expected",
                        file->path, (unsigned long long)file->bytes, (unsigned long long)(offset + bytes));
    if (file->memory) {
        memcpy(data, file->memory + offset, bytes);
        return PST_OK;
    }
    while (bytes > 0) {
        int64_t got = pst_system_read(file->descriptor, at, bytes, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(error, file->path, "cannot be read");
        if (got == 0)
            return pst_fail(error, PST_ERROR_FORMAT, "%s: is cut short: it shrank while it was read", file->path);
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return PST_OK;
}

void pst_file_close(pst_file *file) {
    if (!file)
        return;
    if (!file->memory)
        pst_system_close_read(file->descriptor);
    pst_free(file->path);
    pst_free(file);
}

pst_status pst_file_load(pst_error *error, const char *path, size_t max_bytes, uint8_t **data, size_t *bytes) {
    pst_status status = PST_OK;
    pst_file *file = NULL;
    uint8_t *loaded = NULL;
    uint64_t size = 0;
    *data = NULL;
    if (bytes)
        *bytes = 0;
    PST_TRY(pst_file_open(error, path, &file, &size));
    if (size > max_bytes || size >= SIZE_MAX)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: has %llu bytes, more than the %zu that are read", path,
                         (unsigned long long)size, max_bytes));
    status = pst_allocate(error, (size_t)size + 1, 1, &loaded);
    if (status != PST_OK) {
        pst_fail_in(error, path);
        goto cleanup;
    }
    PST_TRY(pst_file_read(error, file, 0, loaded, (size_t)size));
    *data = loaded;
    if (bytes)
        *bytes = (size_t)size;
    loaded = NULL;

cleanup:
    pst_free(loaded);
    pst_file_close(file);
    return status;
}

pst_status pst_file_digest(pst_error *error, const char *path, char hex[65]) {
    enum { PIECE = 1 << 18 };
    pst_status status = PST_OK;
    pst_file *file = NULL;
    uint8_t *piece = NULL;
    uint64_t size;
    pst_digest digest;
    hex[0] = 0;
    PST_TRY(pst_file_open(error, path, &file, &size));
    PST_TRY(pst_allocate(error, PIECE, 1, &piece));
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    for (uint64_t at = 0; at < size;) {
        size_t count = size - at < PIECE ? (size_t)(size - at) : PIECE;
        PST_TRY(pst_file_read(error, file, at, piece, count));
        pst_digest_add(&digest, piece, count);
        at += count;
    }
    pst_digest_end(&digest, hex);

cleanup:
    pst_free(piece);
    pst_file_close(file);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* The length of the folder's part of a path, without the separator behind it; 0 where the path names none. */
static size_t folder_length(const char *path) {
    size_t length = strlen(path);
    while (length > 0 && !pst_system_is_separator(path[length - 1]))
        length--;
    return length > 1 ? length - 1 : length; /* "/" stays */
}

static pst_status write_all(pst_error *error, const char *path, int descriptor, const void *data, size_t bytes) {
    const uint8_t *at = data;
    while (bytes > 0) {
        int64_t put = pst_system_write(descriptor, at, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return fail(error, path, "cannot be written");
        at += put;
        bytes -= (size_t)put;
    }
    return pst_system_sync(descriptor) ? PST_OK : fail(error, path, "cannot be written");
}

/* A place to write: the file itself where it is a device or a pipe, which a rename would destroy; otherwise a new
 * temporary file in the folder of the file. A symbolic link is followed, so that it stays a link. */
typedef struct destination {
    int descriptor;
    char *linked; /* where the link leads, or NULL; from malloc */
    char *folder;
    char *temporary; /* NULL where the file itself is written */
} destination;

static void close_destination(destination *to) {
    if (to->descriptor >= 0)
        pst_system_close_read(to->descriptor);
    if (to->temporary)
        pst_system_remove(to->temporary);
    free(to->linked);
    pst_free(to->folder);
    pst_free(to->temporary);
}

static pst_status open_temporary(pst_error *error, const char *path, destination *to) {
    pst_status status = PST_OK;
    const char *target = to->linked ? to->linked : path;
    size_t length = folder_length(target), capacity = strlen(target) + 32;
    char *name = NULL;
    PST_TRY(pst_allocate(error, capacity, 1, &to->folder));
    memcpy(to->folder, length ? target : ".", length ? length : 1);
    PST_TRY(pst_allocate(error, capacity, 1, &name));

    /* The name is cut, since the longest that a folder takes is 255 bytes. */
    const char *base = target + (length ? length + !pst_system_is_separator(target[length - 1]) : 0);
    unsigned tag = (unsigned)pst_system_process() * 2654435761u + (unsigned)(uint64_t)(pst_clock_seconds() * 1e6);
    for (int attempt = 0; attempt < 100 && to->descriptor < 0; attempt++) {
        snprintf(name, capacity, "%.*s%.200s.%06x.tmp", (int)(base - target), target, base, (tag + attempt) & 0xffffff);
        to->descriptor = pst_system_open_new(name);
        if (to->descriptor < 0 && errno != EEXIST)
            break;
    }
    if (to->descriptor >= 0) {
        to->temporary = name;
        return PST_OK;
    }
    pst_system_facts facts;
    if (errno == ENOENT && !pst_system_facts_at(to->folder, &facts))
        status = pst_fail(error, PST_ERROR_FILE, "%s: the folder %s does not exist", path, to->folder);
    else
        status = fail(error, path, "cannot be written in this folder");

cleanup:
    pst_free(name);
    return status;
}

static pst_status open_destination(pst_error *error, const char *path, destination *to) {
    pst_status status = PST_OK;
    pst_system_facts facts;
    *to = (destination){.descriptor = -1};
    size_t length = strlen(path);
    if (length == 0)
        return pst_fail(error, PST_ERROR_FILE, "the name of the file to write is empty");
    bool exists = pst_system_facts_at(path, &facts);
    if ((exists && facts.kind == PST_SYSTEM_FOLDER) || (!exists && pst_system_is_separator(path[length - 1])))
        return fail_folder(error, path);
    if (exists && !pst_system_may_write(path))
        return fail(error, path, "cannot be overwritten");
    if (exists && facts.kind == PST_SYSTEM_OTHER) {
        to->descriptor = pst_system_open_write(path);
        return to->descriptor >= 0 ? PST_OK : fail(error, path, "cannot be opened for writing");
    }
    to->linked = pst_system_follow(path);
    PST_TRY(open_temporary(error, path, to));
    if (exists)
        pst_system_set_mode(to->descriptor, facts.mode);
    return PST_OK;

cleanup:
    close_destination(to);
    return status;
}

pst_status pst_file_save(pst_error *error, const char *path, const void *data, size_t bytes) {
    destination to;
    pst_status status = open_destination(error, path, &to);
    if (status != PST_OK)
        return status;
    PST_TRY(write_all(error, path, to.descriptor, data, bytes));
    bool closed = pst_system_close_written(to.descriptor);
    to.descriptor = -1;
    if (!closed)
        PST_TRY(fail(error, path, "cannot be written"));
    if (to.temporary) {
        if (!pst_system_rename(to.temporary, to.linked ? to.linked : path, to.folder))
            PST_TRY(fail(error, path, "cannot be replaced"));
        pst_free(to.temporary);
        to.temporary = NULL;
    }

cleanup:
    close_destination(&to);
    return status;
}

pst_status pst_file_save_check(pst_error *error, const char *path) {
    pst_system_facts facts;
    if (pst_system_facts_at(path, &facts) && facts.kind == PST_SYSTEM_OTHER) /* opening a pipe can block */
        return pst_system_may_write(path) ? PST_OK : fail(error, path, "cannot be written");
    destination to;
    pst_status status = open_destination(error, path, &to);
    if (status == PST_OK)
        close_destination(&to);
    return status;
}
