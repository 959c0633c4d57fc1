#include "transfer/checkpoint_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "transfer/job.h"

pst_status pst_checkpoint_refuse_version(pst_error *error, const char *path) {
    return pst_fail(error, PST_ERROR_FORMAT,
                    "%s: is a checkpoint of another version of pastiche, or of another kind of machine", path);
}

pst_status pst_checkpoint_refuse_other(pst_error *error, const char *path) {
    char magic[sizeof PST_CHECKPOINT_MAGIC] = "";
    pst_file *file = NULL;
    uint64_t bytes;
    pst_status status = PST_OK;
    if (pst_path_examine(path, &bytes) != PST_PATH_FILE || bytes == 0)
        return PST_OK;
    PST_TRY(pst_file_open(error, path, &file, &bytes));
    if (bytes >= sizeof magic)
        PST_TRY(pst_file_read(error, file, 0, magic, sizeof magic));
    if (memcmp(magic, PST_CHECKPOINT_MAGIC, sizeof magic) != 0)
        status = pst_fail(error, PST_ERROR_FORMAT,
                          "%s: is no checkpoint and is not replaced; name another file, or remove this one", path);
cleanup:
    pst_file_close(file);
    return status;
}

pst_status pst_checkpoint_check_sum(pst_error *error, pst_file *file, const char *path, uint64_t bytes) {
    char magic[sizeof PST_CHECKPOINT_MAGIC] = "", sum[PST_DIGEST_BYTES], stored[PST_DIGEST_BYTES];
    uint8_t block[65536];
    pst_digest digest;
    pst_status status = PST_OK;
    if (bytes >= sizeof magic + sizeof stored)
        PST_TRY(pst_file_read(error, file, 0, magic, sizeof magic));
    if (memcmp(magic, PST_CHECKPOINT_MAGIC, sizeof magic) != 0)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is not a checkpoint of pastiche", path);
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    for (uint64_t at = 0, end = bytes - sizeof stored; at < end;) {
        size_t part = end - at < sizeof block ? (size_t)(end - at) : sizeof block;
        PST_TRY(pst_file_read(error, file, at, block, part));
        pst_digest_add(&digest, block, part);
        at += part;
    }
    PST_TRY(pst_file_read(error, file, bytes - sizeof stored, stored, sizeof stored));
    pst_digest_end(&digest, sum);
    if (memcmp(sum, stored, sizeof sum) != 0)
        status = pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged or cut short", path);
cleanup:
    return status;
}

static bool is_sound(const pst_checkpoint_state *s) {
    return s->job_iteration >= 1 && s->job_iteration <= INT32_MAX && isfinite(s->seconds) && s->seconds >= 0;
}

/* Reads the next bytes. */
static pst_status take(pst_error *error, pst_file *file, uint64_t *at, void *data, size_t bytes) {
    pst_status status = pst_file_read(error, file, *at, data, bytes);
    *at += bytes;
    return status;
}

/* Behind the first bytes, which have told that it is one. */
static pst_status read_text(pst_error *error, pst_file *file, const char *path, uint64_t at, char **text) {
    uint32_t version;
    uint64_t bytes;
    int length;
    pst_checkpoint_state state;
    char head[80], *whole = NULL;
    pst_status status;
    PST_TRY(take(error, file, &at, &version, sizeof version));
    if (version != PST_CHECKPOINT_VERSION)
        PST_TRY(pst_checkpoint_refuse_version(error, path));
    PST_TRY(take(error, file, &at, &bytes, sizeof bytes));
    if (bytes > PST_CHECKPOINT_TEXT_MOST)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged", path));
    PST_TRY(pst_allocate(error, sizeof head + (size_t)bytes + 1, 1, &whole));
    PST_TRY(take(error, file, &at, whole + sizeof head, (size_t)bytes));
    at += PST_INPUTS * PST_DIGEST_BYTES + sizeof(uint64_t); /* the scale */
    PST_TRY(take(error, file, &at, &state, sizeof state));
    if (!is_sound(&state))
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged", path));
    length = snprintf(head, sizeof head, "iteration=%d\nseconds=%.17g\n", (int)state.job_iteration, state.seconds);
    memcpy(whole, head, (size_t)length);
    memmove(whole + length, whole + sizeof head, (size_t)bytes + 1);
    *text = whole;
    whole = NULL;
cleanup:
    pst_free(whole);
    return status;
}

pst_status pst_checkpoint_text(pst_context *context, const char *path, char **text) {
    pst_error *error = &context->error;
    char magic[sizeof PST_CHECKPOINT_MAGIC] = "";
    uint64_t bytes;
    pst_file *file = NULL;
    pst_status status;
    *text = NULL;
    PST_TRY(pst_file_open(error, path, &file, &bytes));
    if (bytes >= sizeof magic)
        PST_TRY(pst_file_read(error, file, 0, magic, sizeof magic));
    if (memcmp(magic, PST_CHECKPOINT_MAGIC, sizeof magic) == 0) {
        PST_TRY(pst_checkpoint_check_sum(error, file, path, bytes));
        PST_TRY(read_text(error, file, path, sizeof magic, text));
    }
cleanup:
    pst_file_close(file);
    return status;
}
