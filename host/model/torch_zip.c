/* PyTorch's files since version 1.6: a zip archive of data.pkl, the pickled object, and data/KEY for each of its
 * storages, not compressed. */
#include <stdio.h>
#include <string.h>

#include <zip.h>

#include "base/memory.h"
#include "model/torch.h"

#define CHUNK_BYTES 16384 /* a multiple of every element's size */

typedef struct archive {
    zip_t *zip;
    char *folder; /* "archive/", which all names begin with */
    pst_pickle *object;
} archive;

static pst_status fail(pst_error *error, const pst_source *source, const char *entry, const char *why) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: %.100s in the archive cannot be read: %s", source->path, entry, why);
}

static pst_status open_archive(pst_error *error, pst_source *source, archive *state) {
    int code = 0;
    state->zip = zip_open(source->path, ZIP_RDONLY, &code);
    if (state->zip)
        return PST_OK;
    zip_error_t why;
    zip_error_init_with_code(&why, code);
    pst_status status =
        pst_fail(error, code == ZIP_ER_MEMORY ? PST_ERROR_MEMORY : PST_ERROR_FORMAT,
                 "%s: is a damaged or incomplete zip archive: %s", source->path, zip_error_strerror(&why));
    zip_error_fini(&why);
    return status;
}

/* Finds the only FOLDER/data.pkl; what else the archive may be is said. */
static pst_status find_folder(pst_error *error, pst_source *source, archive *state) {
    static const char pickle[] = "/data.pkl";
    zip_int64_t count = zip_get_num_entries(state->zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(state->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        size_t length = name ? strlen(name) : 0;
        if (length >= sizeof pickle && strcmp(name + length - (sizeof pickle - 1), pickle) == 0 && length < 400) {
            pst_status status = pst_copy_text(error, name, &state->folder);
            if (status == PST_OK)
                state->folder[length - strlen("data.pkl")] = 0;
            return status;
        }
        if (name && strcmp(name, "model.weights.h5") == 0)
            return pst_fail(error, PST_ERROR_UNSUPPORTED,
                            "%s: is a .keras archive; take model.weights.h5 out of it (unzip), and "
                            "name that",
                            source->path);
    }
    return pst_fail(error, PST_ERROR_FORMAT,
                    "%s: is a zip archive, but not one of PyTorch's; if a network is packed in it, unpack "
                    "it first",
                    source->path);
}

/* Opens an entry of the folder; *bytes is what it unpacks to. */
static pst_status open_entry(pst_error *error, pst_source *source, const char *name, zip_file_t **file,
                             uint64_t *bytes) {
    const archive *state = source->state;
    char full[640];
    zip_stat_t facts;
    *file = NULL;
    if (snprintf(full, sizeof full, "%s%s", state->folder, name) >= (int)sizeof full ||
        zip_stat(state->zip, full, ZIP_FL_ENC_RAW, &facts) != 0 || !(facts.valid & ZIP_STAT_SIZE))
        return fail(error, source, name, "it is not there");
    *bytes = facts.size;
    *file = zip_fopen_index(state->zip, facts.index, 0);
    return *file ? PST_OK : fail(error, source, name, zip_strerror(state->zip));
}

static pst_status read_bytes(pst_error *error, const pst_source *source, const char *name, zip_file_t *file, void *data,
                             size_t bytes) {
    zip_int64_t got = bytes > 0 ? zip_fread(file, data, bytes) : 0;
    if (got >= 0 && (size_t)got == bytes)
        return PST_OK;
    return fail(error, source, name, got < 0 ? zip_file_strerror(file) : "it is cut short");
}

/* A file of other machines' PyTorch says so. */
static pst_status check_byte_order(pst_error *error, pst_source *source) {
    zip_file_t *file;
    uint64_t bytes;
    char order[16] = "";
    if (open_entry(NULL, source, "byteorder", &file, &bytes) != PST_OK)
        return PST_OK; /* older ones say nothing, and are little-endian */
    pst_status status =
        read_bytes(error, source, "byteorder", file, order, bytes < sizeof order ? (size_t)bytes : sizeof order - 1);
    zip_fclose(file);
    if (status == PST_OK && strcmp(order, "little") != 0)
        status = pst_fail(error, PST_ERROR_UNSUPPORTED,
                          "%s: is a PyTorch file from a big-endian machine, which is not read", source->path);
    return status;
}

static pst_status open_zip(pst_error *error, pst_source *source) {
    archive *state;
    zip_file_t *file = NULL;
    uint8_t *data = NULL;
    uint64_t bytes;
    pst_pickle_id top;
    pst_status status;
    PST_TRY(pst_allocate(error, 1, sizeof *state, &state));
    source->state = state;
    PST_TRY(open_archive(error, source, state));
    PST_TRY(find_folder(error, source, state));
    PST_TRY(check_byte_order(error, source));
    PST_TRY(open_entry(error, source, "data.pkl", &file, &bytes));
    if (bytes > PST_PICKLE_MAX_BYTES)
        PST_TRY(fail(error, source, "data.pkl", "it is larger than that of any network"));
    PST_TRY(pst_allocate(error, (size_t)bytes, 1, &data));
    PST_TRY(read_bytes(error, source, "data.pkl", file, data, (size_t)bytes));
    PST_TRY(pst_pickle_read(error, source->path, data, (size_t)bytes, NULL, &state->object, &top));
    PST_TRY(pst_torch_add_tensors(error, source, state->object, top));
cleanup:
    if (file)
        zip_fclose(file);
    pst_free(data);
    return status;
}

static pst_status read_span(pst_error *error, pst_source *source, const pst_source_tensor *tensor,
                            const pst_torch_span *span, float *values) {
    uint8_t chunk[CHUNK_BYTES];
    char name[600];
    zip_file_t *file = NULL;
    uint64_t bytes, width = (uint64_t)span->storage->width, skipped = span->first * width;
    pst_status status;
    if (snprintf(name, sizeof name, "data/%s", span->storage->text) >= (int)sizeof name)
        return fail(error, source, "a storage", "its name is too long");
    PST_TRY(open_entry(error, source, name, &file, &bytes));
    if (bytes / width < (uint64_t)span->storage->integer)
        PST_TRY(fail(error, source, name, "it is shorter than its tensors"));
    while (skipped > 0) { /* by reading: older libraries cannot seek */
        size_t part = skipped < sizeof chunk ? (size_t)skipped : sizeof chunk;
        PST_TRY(read_bytes(error, source, name, file, chunk, part));
        skipped -= part;
    }
    for (size_t done = 0; done < span->count;) {
        size_t most = sizeof chunk / (size_t)width, part = span->count - done < most ? span->count - done : most;
        PST_TRY(read_bytes(error, source, name, file, chunk, part * (size_t)width));
        pst_tensor_convert(chunk, tensor->info.type, part, values + done, NULL);
        done += part;
    }
cleanup:
    if (file)
        zip_fclose(file);
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

static void close_zip(pst_source *source) {
    archive *state = source->state;
    if (!state)
        return;
    if (state->zip)
        zip_discard(state->zip);
    pst_pickle_close(state->object);
    pst_free(state->folder);
    pst_free(state);
}

const pst_format pst_format_torch_zip = {
    .name = "PyTorch zip", .package = "libzip-dev", .open = open_zip, .read = read_zip, .close = close_zip};
