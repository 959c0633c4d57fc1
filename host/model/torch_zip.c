/* PyTorch's files since version 1.6: a zip archive of data.pkl, the pickled object, and data/KEY for each of its
 * storages, not compressed. Keras's archives come in this way too, and are handed on to keras_zip.c. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/torch.h"
#include "model/zip_archive.h"

#define CHUNK_BYTES 16384 /* a multiple of every element's size */

typedef struct archive {
    pst_zip *zip;
    char *folder; /* "archive/", which all names begin with */
    pst_pickle *object;
} archive;

/* Finds the only FOLDER/data.pkl. In its place the archive may have the weights of Keras; what else it may be is said.
 */
static pst_status find_folder(pst_error *error, pst_source *source, archive *state, bool *keras) {
    static const char pickle[] = "/data.pkl";
    for (uint64_t i = 0; i < pst_zip_count(state->zip); i++) {
        const char *name = pst_zip_name(state->zip, i);
        size_t length = name ? strlen(name) : 0;
        *keras = name && strcmp(name, PST_KERAS_ENTRY) == 0;
        if (*keras)
            return PST_OK;
        if (length >= sizeof pickle && strcmp(name + length - (sizeof pickle - 1), pickle) == 0 && length < 400) {
            pst_status status = pst_copy_text(error, name, &state->folder);
            if (status == PST_OK)
                state->folder[length - strlen("data.pkl")] = 0;
            return status;
        }
    }
    return pst_fail(error, PST_ERROR_FORMAT,
                    "%s: is a zip archive, but not one of PyTorch's or Keras's; if a network is packed in it, unpack "
                    "it first",
                    source->path);
}

/* Opens an entry of the folder; *bytes is what it unpacks to. */
static pst_status open_entry(pst_error *error, const pst_source *source, const char *name, pst_zip_entry **entry,
                             uint64_t *bytes) {
    const archive *state = source->state;
    char full[640];
    *entry = NULL;
    if (snprintf(full, sizeof full, "%s%s", state->folder, name) >= (int)sizeof full)
        return pst_zip_fail(error, state->zip, name, "its name is too long");
    return pst_zip_entry_open(error, state->zip, full, entry, bytes);
}

/* A file of other machines' PyTorch says so. */
static pst_status check_byte_order(pst_error *error, const pst_source *source) {
    pst_zip_entry *entry;
    uint64_t bytes;
    char order[16] = "";
    if (open_entry(NULL, source, "byteorder", &entry, &bytes) != PST_OK)
        return PST_OK; /* older ones say nothing, and are little-endian */
    pst_status status =
        pst_zip_entry_read(error, entry, order, bytes < sizeof order ? (size_t)bytes : sizeof order - 1);
    pst_zip_entry_close(entry);
    if (status == PST_OK && strcmp(order, "little") != 0)
        status = pst_fail(error, PST_ERROR_UNSUPPORTED,
                          "%s: is a PyTorch file from a big-endian machine, which is not read", source->path);
    return status;
}

static void close_zip(pst_source *source) {
    archive *state = source->state;
    if (!state)
        return;
    pst_zip_close(state->zip);
    pst_pickle_close(state->object);
    pst_free(state->folder);
    pst_free(state);
    source->state = NULL;
}

static pst_status open_zip(pst_error *error, pst_source *source) {
    archive *state;
    uint8_t *data = NULL;
    char name[440];
    size_t bytes;
    pst_pickle_id top;
    bool keras = false;
    pst_status status;
    PST_TRY(pst_allocate(error, 1, sizeof *state, &state));
    source->state = state;
    PST_TRY(pst_zip_open(error, source->path, &state->zip));
    PST_TRY(find_folder(error, source, state, &keras));
    if (keras) {
        close_zip(source);
        return pst_source_open_as(error, source, &pst_format_keras_zip);
    }
    PST_TRY(check_byte_order(error, source));
    snprintf(name, sizeof name, "%sdata.pkl", state->folder);
    PST_TRY(pst_zip_load(error, state->zip, name, PST_PICKLE_MAX_BYTES, &data, &bytes));
    PST_TRY(pst_pickle_read(error, source->path, data, bytes, NULL, &state->object, &top));
    PST_TRY(pst_torch_add_tensors(error, source, state->object, top));
cleanup:
    pst_free(data);
    return status;
}

static pst_status read_span(pst_error *error, pst_source *source, const pst_source_tensor *tensor,
                            const pst_torch_span *span, float *values) {
    const archive *state = source->state;
    uint8_t chunk[CHUNK_BYTES];
    char name[600];
    pst_zip_entry *entry = NULL;
    uint64_t bytes, width = (uint64_t)span->storage->width, skipped = span->first * width;
    pst_status status;
    if (snprintf(name, sizeof name, "data/%s", span->storage->text) >= (int)sizeof name)
        return pst_zip_fail(error, state->zip, "a storage", "its name is too long");
    PST_TRY(open_entry(error, source, name, &entry, &bytes));
    if (bytes / width < (uint64_t)span->storage->integer)
        PST_TRY(pst_zip_fail(error, state->zip, name, "it is shorter than its tensors"));
    while (skipped > 0) { /* by reading: older libraries cannot seek */
        size_t part = skipped < sizeof chunk ? (size_t)skipped : sizeof chunk;
        PST_TRY(pst_zip_entry_read(error, entry, chunk, part));
        skipped -= part;
    }
    for (size_t done = 0; done < span->count;) {
        size_t most = sizeof chunk / (size_t)width, part = span->count - done < most ? span->count - done : most;
        PST_TRY(pst_zip_entry_read(error, entry, chunk, part * (size_t)width));
        pst_tensor_convert(chunk, tensor->info.type, part, values + done, NULL);
        done += part;
    }
cleanup:
    pst_zip_entry_close(entry);
    return status;
}

static pst_status read_zip(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    const archive *state = source->state;
    pst_torch_span span;
    float *all;
    pst_status status = pst_torch_find(error, source, state->object, tensor, &span);
    if (status != PST_OK || span.plain)
        return status == PST_OK ? read_span(error, source, tensor, &span, values) : status;
    status = pst_allocate(error, span.count, sizeof *all, &all);
    if (status != PST_OK)
        return status;
    status = read_span(error, source, tensor, &span, all);
    if (status == PST_OK)
        pst_torch_pick(state->object, tensor, all, values);
    pst_free(all);
    return status;
}

const pst_format pst_format_torch_zip = {
    .name = "PyTorch zip", .package = "libzip-dev", .open = open_zip, .read = read_zip, .close = close_zip};
