/* Which format a network file has, by its content, and what every importer needs. */
#include "model/source.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/protobuf_wire.h"
#include "model/verify.h"
#include "package/printable.h"

#define MAX_TENSORS 100000
#define MAX_NAME 512

#ifndef PST_WITH_HDF5
const pst_format pst_format_keras = {.name = "Keras HDF5", .package = "libhdf5-dev"};
#endif
#ifndef PST_WITH_LIBZIP
const pst_format pst_format_torch_zip = {.name = "PyTorch zip or .keras", .package = "libzip-dev (and libhdf5-dev)"};
#endif
#if !defined(PST_WITH_HDF5) || !defined(PST_WITH_LIBZIP)
const pst_format pst_format_keras_zip = {.name = ".keras", .package = "libhdf5-dev and libzip-dev"};
#endif

static bool begins(const uint8_t *head, size_t bytes, size_t at, const char *text, size_t length) {
    return bytes >= at && bytes - at >= length && memcmp(head + at, text, length) == 0;
}
#define BEGINS(at, text) begins(head, bytes, at, text, sizeof text - 1)

/* Says what a file is that people take for a network, by mistake or because a download went wrong. */
static pst_status fail_other(pst_error *error, const char *path, const uint8_t *head, size_t bytes) {
    static const struct {
        size_t at, length;
        const char *magic, *what;
    } others[] = {
        {257, 5, "ustar",
         "is a tar archive, an old form of PyTorch's files or a packed network; unpack it, or load and save it "
         "again with PyTorch"},
        {0, 6, "\x93NUMPY", "is a NumPy array, not a network"},
        {0, 4, "GGUF", "is a GGUF file, which has no VGG network in it"},
        {0, 19, "MATLAB 7.3 MAT-file", "is a MATLAB 7.3 file; save it with -v7 from MATLAB to have it read"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (begins(head, bytes, others[i].at, others[i].magic, others[i].length))
            return pst_fail(error, PST_ERROR_FORMAT, "%s: %s", path, others[i].what);
    const char *problem = pst_head_problem(head, bytes, "");
    if (problem)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: %s", path, problem);
    if (bytes > 1 && head[0] == 0x80 && head[1] <= 5)
        return pst_fail(error, PST_ERROR_FORMAT,
                        "%s: is a Python pickle, but not one of PyTorch's, and is not executed", path);
    return pst_fail(error, PST_ERROR_FORMAT,
                    "%s: is not a network in a format that is known here: safetensors, Keras, Caffe, "
                    "ONNX, PyTorch or MATLAB 5",
                    path);
}

static pst_status is_hdf5(pst_error *error, pst_source *source, const uint8_t *head, size_t bytes, bool *is) {
    static const char magic[] = "\x89HDF\r\n\x1a\n";
    uint8_t at[8];
    *is = BEGINS(0, "\x89HDF\r\n\x1a\n");
    /* behind what the user put there, MATLAB 7.3 for one */
    for (uint64_t offset = 512; offset <= 2048 && !*is && offset + 8 <= source->bytes; offset *= 2) {
        pst_status status = pst_file_read(error, source->file, offset, at, 8);
        if (status != PST_OK)
            return status;
        *is = memcmp(at, magic, 8) == 0;
    }
    return PST_OK;
}

static bool is_json(const uint8_t *head, size_t bytes) {
    size_t at = 0;
    while (at < bytes && isspace(head[at]))
        at++;
    return at < bytes && head[at] == '{';
}

/* By an unmistakable beginning; NULL if none fits. */
static const pst_format *detect_magic(const uint8_t *head, size_t bytes) {
    uint64_t header_bytes = 0;
    if (BEGINS(0, "PK\3\4") || BEGINS(0, "PK\5\6"))
        return &pst_format_torch_zip;
    if (BEGINS(0, "MATLAB 5.0 MAT-file"))
        return &pst_format_matlab;
    if (BEGINS(0, "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"))
        return &pst_format_torch;
    for (int i = 0; i < 8 && bytes >= 8; i++)
        header_bytes |= (uint64_t)head[i] << (8 * i);
    if (BEGINS(8, "{") && header_bytes < (uint64_t)1
                                             << 40) /* what is wrong with a header too long, its reader says best */
        return &pst_format_safetensors;
    return is_json(head, bytes) ? &pst_format_index : NULL;
}

/* *format is NULL if none fits. Protobuf, which has no magic number, comes last. */
static pst_status detect(pst_error *error, pst_source *source, const uint8_t *head, size_t bytes,
                         const pst_format **format) {
    pst_wire_kind kind = PST_WIRE_OTHER;
    bool hdf5;
    pst_status status = PST_OK;
    *format = NULL;
    if (BEGINS(0, "MATLAB 7.3"))
        return PST_OK;
    PST_TRY(is_hdf5(error, source, head, bytes, &hdf5));
    *format = hdf5 ? &pst_format_keras : detect_magic(head, bytes);
    if (*format || pst_head_problem(head, bytes, ""))
        return PST_OK;
    PST_TRY(pst_wire_guess(error, source->file, source->bytes, &kind));
    *format = kind == PST_WIRE_CAFFE ? &pst_format_caffe : kind == PST_WIRE_ONNX ? &pst_format_onnx : NULL;
cleanup:
    return status;
}

pst_status pst_source_open_as(pst_error *error, pst_source *source, const pst_format *format) {
    if (!format->open)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: is a %s file, which this build does not read; install %s and build again", source->path,
                        format->name, format->package);
    source->format = format;
    return format->open(error, source);
}

static pst_status open_source(pst_error *error, const char *path, bool is_part, pst_source **source) {
    pst_status status = PST_OK;
    pst_source *opened = NULL;
    uint8_t head[PST_HEAD_BYTES];
    *source = NULL;
    PST_TRY(pst_allocate(error, 1, sizeof *opened, &opened));
    PST_TRY(pst_copy_text(error, path, &opened->path));
    opened->companions.path = opened->path;
    PST_TRY(pst_file_open(error, path, &opened->file, &opened->bytes));
    if (opened->bytes == 0)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is empty", path));
    size_t bytes = opened->bytes < PST_HEAD_BYTES ? (size_t)opened->bytes : PST_HEAD_BYTES;
    PST_TRY(pst_file_read(error, opened->file, 0, head, bytes));
    const pst_format *format;
    PST_TRY(detect(error, opened, head, bytes, &format));
    if (!format)
        PST_TRY(fail_other(error, path, head, bytes));
    if (is_part && format == &pst_format_index)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is an index or another text, not a part of a network", path));
    if (!is_part &&
        (format == &pst_format_safetensors || format == &pst_format_torch || format == &pst_format_torch_zip))
        PST_TRY(pst_companion_refuse_part(error, path));
    PST_TRY(pst_source_open_as(error, opened, format));
    *source = opened;
    opened = NULL;

cleanup:
    pst_source_close(opened);
    return status;
}

pst_status pst_source_open(pst_error *error, const char *path, pst_source **source) {
    return open_source(error, path, false, source);
}

pst_status pst_source_open_part(pst_error *error, const char *path, pst_source **source) {
    return open_source(error, path, true, source);
}

void pst_source_close(pst_source *source) {
    if (!source)
        return;
    if (source->format && source->format->close)
        source->format->close(source);
    pst_file_close(source->file);
    pst_companions_close(&source->companions);
    for (size_t i = 0; i < source->count; i++)
        pst_free((char *)source->tensors[i].info.name);
    pst_free(source->tensors);
    pst_free(source->path);
    pst_free(source);
}

pst_status pst_source_add(pst_error *error, pst_source *source, const char *name, pst_tensor_type type,
                          int dimension_count, const int64_t *shape, pst_source_tensor **added) {
    char *copy;
    if (source->count == MAX_TENSORS)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: holds more than %d tensors", source->path, MAX_TENSORS);
    if (strlen(name) > MAX_NAME)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: the name of tensor %.32s... is too long", source->path, name);
    if (source->count == source->capacity) {
        pst_source_tensor *larger;
        size_t capacity = source->capacity ? 2 * source->capacity : 64;
        pst_status status = pst_allocate(error, capacity, sizeof *larger, &larger);
        if (status != PST_OK)
            return status;
        if (source->count > 0)
            memcpy(larger, source->tensors, source->count * sizeof *larger);
        pst_free(source->tensors);
        source->tensors = larger;
        source->capacity = capacity;
    }
    pst_source_tensor *tensor = &source->tensors[source->count];
    *tensor = (pst_source_tensor){.info = {.type = type, .dimension_count = dimension_count}};
    for (int d = 0; d < dimension_count; d++)
        tensor->info.shape[d] = shape[d];
    if (!pst_tensor_count(&tensor->info))
        return pst_fail(error, PST_ERROR_FORMAT, "%s: tensor %.64s has an impossible shape", source->path, name);
    pst_status status = pst_copy_text(error, name, &copy);
    if (status != PST_OK)
        return status;
    tensor->info.name = copy;
    source->count++;
    if (added)
        *added = tensor;
    return PST_OK;
}

void pst_source_note(pst_source *source, const char *format, ...) {
    size_t used = strlen(source->notice), room = sizeof source->notice;
    if (used > 0 && used + 3 < room)
        used += (size_t)snprintf(source->notice + used, room - used, "; ");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(source->notice + used, room - used, format, arguments);
    va_end(arguments);
    pst_make_printable(source->notice + used, room - used);
}

void pst_source_make_vector(pst_source_tensor *tensor) {
    pst_tensor_info *info = &tensor->info;
    int kept = 0;
    for (int d = 0; d < info->dimension_count; d++)
        if (info->shape[d] != 1)
            info->shape[kept++] = info->shape[d];
    if (kept == 0 && info->dimension_count > 0)
        kept = 1; /* and shape[0] is 1 */
    info->dimension_count = kept;
}

const pst_source_tensor *pst_source_find(const pst_source *source, const char *name) {
    for (size_t i = 0; i < source->count; i++)
        if (strcmp(source->tensors[i].info.name, name) == 0)
            return &source->tensors[i];
    return NULL;
}

pst_status pst_source_read(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float **values) {
    *values = NULL;
    if (tensor->info.type == PST_TENSOR_OTHER || tensor->info.type == PST_TENSOR_I8)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: tensor %.64s is not stored as F16, BF16, F32 or F64",
                        source->path, tensor->info.name);
    return pst_source_read_whole(error, source, tensor, values);
}

pst_status pst_source_read_whole(pst_error *error, pst_source *source, const pst_source_tensor *tensor,
                                 float **values) {
    pst_status status = pst_allocate(error, tensor->info.count, sizeof(float), values);
    if (status != PST_OK)
        return pst_fail_in(error, source->path);
    status = source->format->read(error, source, tensor, *values);
    if (status != PST_OK) {
        pst_free(*values);
        *values = NULL;
    }
    return status;
}

pst_status pst_source_read_plain(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    pst_file *file = tensor->file ? tensor->file : source->file;
    return pst_tensor_read(error, file, tensor->at, tensor->info.type, tensor->info.count, values, NULL);
}
