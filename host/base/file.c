#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/system.h"

struct pst_file {
    int descriptor;
    const uint8_t *memory; /* instead of a descriptor: what is inside the library */
    uint64_t bytes;
    char *path;
};

pst_status pst_file_fail(pst_error *error, const char *path, const char *what) {
    char reason[128];
    if (errno == EISDIR)
        return pst_fail(error, PST_ERROR_FILE, "%s: is a folder; the name of a file is needed", path);
    if (errno == ENOENT)
        return pst_fail(error, PST_ERROR_FILE, "%s: no such file or folder", path);
    pst_system_describe(errno, reason, sizeof reason);
    return pst_fail(error, PST_ERROR_FILE, "%s: %s (%s)", path, what, reason);
}

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
        bool folder = pst_system_facts_at(path, &facts) && facts.kind == PST_SYSTEM_FOLDER;
        errno = folder ? EISDIR : code; /* Windows cannot open those */
        return pst_file_fail(error, path, "cannot be opened");
    }
    if (!pst_system_facts_of(descriptor, &facts))
        PST_TRY(pst_file_fail(error, path, "cannot be examined"));
    if (facts.kind == PST_SYSTEM_FOLDER) {
        errno = EISDIR;
        PST_TRY(pst_file_fail(error, path, "cannot be read"));
    }
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
            return pst_file_fail(error, file->path, "cannot be read");
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
