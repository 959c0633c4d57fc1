#include "base/partial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"

struct pst_partial {
    int descriptor;
    uint64_t bytes;
    char *path, *part, *folder;
    bool installed;
};

static pst_status fail(pst_error *error, const pst_partial *partial, const char *what) {
    char reason[128];
    if (errno == EBUSY)
        return pst_fail(error, PST_ERROR_FILE, "%s: another process is writing it; wait until that is done",
                        partial->part);
    if (errno == ELOOP)
        return pst_fail(error, PST_ERROR_FILE, "%s: is a link, and what it leads to is not written; remove it",
                        partial->part);
    pst_system_describe(errno, reason, sizeof reason);
    return pst_fail(error, PST_ERROR_FILE, "%s: %s (%s)", partial->part, what, reason);
}

pst_status pst_partial_open(pst_error *error, const char *path, pst_partial **result, uint64_t *bytes) {
    pst_status status = PST_OK;
    pst_partial *partial = NULL;
    pst_system_facts facts;
    *result = NULL;
    *bytes = 0;
    size_t length = strlen(path), folder = (size_t)(pst_path_name(path) - path);
    PST_TRY(pst_allocate(error, 1, sizeof *partial, &partial));
    partial->descriptor = -1;
    PST_TRY(pst_copy_text(error, path, &partial->path));
    PST_TRY(pst_allocate(error, length + 6, 1, &partial->part));
    snprintf(partial->part, length + 6, "%s.part", path);
    PST_TRY(pst_allocate(error, length + 2, 1, &partial->folder));
    snprintf(partial->folder, length + 2, "%.*s", folder ? (int)folder : 1, folder ? path : ".");
    PST_TRY(pst_folder_create_for(error, path));
    partial->descriptor = pst_system_open_alone(partial->part);
    if (partial->descriptor < 0 || !pst_system_facts_of(partial->descriptor, &facts))
        PST_TRY(fail(error, partial, "cannot be written"));
    if (facts.kind != PST_SYSTEM_FILE)
        PST_TRY(pst_fail(error, PST_ERROR_FILE, "%s: is not a regular file; remove it", partial->part));
    partial->bytes = facts.bytes;
    PST_TRY(pst_partial_cut(error, partial, facts.bytes)); /* to its end */
    *bytes = facts.bytes;
    *result = partial;
    partial = NULL;

cleanup:
    pst_partial_close(partial);
    return status;
}

pst_status pst_partial_cut(pst_error *error, pst_partial *partial, uint64_t bytes) {
    if (!pst_system_set_length(partial->descriptor, bytes))
        return fail(error, partial, "cannot be cut");
    partial->bytes = bytes;
    return PST_OK;
}

pst_status pst_partial_append(pst_error *error, pst_partial *partial, const void *data, size_t bytes) {
    const uint8_t *at = data;
    while (bytes > 0) {
        int64_t put = pst_system_write(partial->descriptor, at, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return fail(error, partial, "cannot be written");
        at += put;
        bytes -= (size_t)put;
        partial->bytes += (uint64_t)put;
    }
    return PST_OK;
}

pst_status pst_partial_read(pst_error *error, pst_partial *partial, uint64_t offset, void *data, size_t bytes,
                            size_t *got) {
    int64_t count;
    do
        count = pst_system_read(partial->descriptor, data, bytes, offset);
    while (count < 0 && errno == EINTR);
    *got = count > 0 ? (size_t)count : 0;
    return count < 0 ? fail(error, partial, "cannot be read") : PST_OK;
}

uint64_t pst_partial_bytes(const pst_partial *partial) { return partial->bytes; }

pst_status pst_partial_install(pst_error *error, pst_partial *partial) {
    if (!pst_system_sync(partial->descriptor))
        return fail(error, partial, "cannot be written");
    if (!pst_system_rename(&partial->descriptor, partial->part, partial->path, partial->folder))
        return fail(error, partial, "cannot be renamed to its final name");
    partial->installed = true;
    return PST_OK;
}

void pst_partial_close(pst_partial *partial) {
    if (!partial)
        return;
    if (partial->descriptor >= 0 && partial->bytes == 0 && !partial->installed)
        pst_system_remove(partial->part); /* before the lock goes */
    if (partial->descriptor >= 0)
        pst_system_close_read(partial->descriptor);
    pst_free(partial->path);
    pst_free(partial->part);
    pst_free(partial->folder);
    pst_free(partial);
}
