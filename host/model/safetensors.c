#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/source.h"

#define MAX_HEADER_BYTES ((uint64_t)64 << 20)

typedef struct entry {
    pst_tensor_info info; /* first, so that a pst_tensor_info of a file is its entry */
    uint64_t begin, end;  /* in the file */
} entry;

struct pst_safetensors {
    pst_file *file;
    char *path;
    json_t *header; /* owns the names */
    entry *entries;
    size_t count;
};

static pst_tensor_type type_of(const char *name) {
    static const char *const names[] = {"F16", "BF16", "F32", "F64", "I8"}; /* in the order of pst_tensor_type */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return (pst_tensor_type)i;
    return PST_TENSOR_OTHER;
}

/* ---- the header ---------------------------------------------------------------------------------------------- */

static pst_status fail_tensor(pst_error *error, const pst_safetensors *file, const char *name, const char *what) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: tensor %.64s %s", file->path, name, what);
}

/* One tensor of the header; data_begin and data_bytes say where the tensors' bytes lie in the file. */
static pst_status parse_tensor(pst_error *error, const pst_safetensors *file, const char *name, json_t *value,
                               uint64_t data_begin, uint64_t data_bytes, entry *tensor) {
    const char *type = json_string_value(json_object_get(value, "dtype"));
    json_t *shape = json_object_get(value, "shape"), *offsets = json_object_get(value, "data_offsets");
    if (!type || !json_is_array(shape) || !json_is_array(offsets))
        return fail_tensor(error, file, name, "has no dtype, shape or data_offsets in the header");
    pst_tensor_info *info = &tensor->info;
    info->name = name;
    info->type = type_of(type);
    if (json_array_size(shape) > PST_TENSOR_MAX_DIMENSIONS)
        return fail_tensor(error, file, name, "has more dimensions than the 8 that are read");
    info->dimension_count = (int)json_array_size(shape);
    for (int d = 0; d < info->dimension_count; d++) {
        json_t *side = json_array_get(shape, (size_t)d);
        if (!json_is_integer(side) || json_integer_value(side) < 0)
            return fail_tensor(error, file, name, "has a shape that is not made of numbers from 0");
        info->shape[d] = json_integer_value(side);
    }
    if (!pst_tensor_count(info))
        return fail_tensor(error, file, name, "has an impossibly large shape");

    json_t *from = json_array_get(offsets, 0), *to = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(from) || !json_is_integer(to) ||
        json_integer_value(from) < 0 || json_integer_value(to) < json_integer_value(from))
        return fail_tensor(error, file, name, "has data_offsets that are not a begin and an end");
    uint64_t begin = (uint64_t)json_integer_value(from), end = (uint64_t)json_integer_value(to);
    if (end > data_bytes)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is cut short: tensor %.64s ends at byte %llu, the file at %llu",
                        file->path, name, (unsigned long long)(data_begin + end),
                        (unsigned long long)(data_begin + data_bytes));
    size_t bytes;
    if (info->type != PST_TENSOR_OTHER &&
        (!pst_multiply(info->count, pst_tensor_element_bytes(info->type), &bytes) || bytes != end - begin))
        return fail_tensor(error, file, name, "has a number of bytes that does not fit its shape and dtype");
    tensor->begin = data_begin + begin;
    tensor->end = data_begin + end;
    return PST_OK;
}

static int compare_begin(const void *left, const void *right) {
    const entry *a = *(const entry *const *)left, *b = *(const entry *const *)right;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end; /* so that empty tensors come before their neighbor */
}

static pst_status check_overlaps(pst_error *error, const pst_safetensors *file) {
    const entry **sorted;
    pst_status status = pst_allocate(error, file->count, sizeof *sorted, &sorted);
    if (status != PST_OK)
        return status;
    for (size_t i = 0; i < file->count; i++)
        sorted[i] = &file->entries[i];
    qsort(sorted, file->count, sizeof *sorted, compare_begin);
    for (size_t i = 1; i < file->count && status == PST_OK; i++)
        if (sorted[i]->begin < sorted[i - 1]->end)
            status = pst_fail(error, PST_ERROR_FORMAT, "%s: tensors %.64s and %.64s share bytes", file->path,
                              sorted[i - 1]->info.name, sorted[i]->info.name);
    pst_free(sorted);
    return status;
}

static pst_status parse_header(pst_error *error, pst_safetensors *file, uint64_t data_begin, uint64_t data_bytes) {
    const char *name;
    json_t *value;
    json_t *metadata = json_object_get(file->header, "__metadata__"); /* of which only texts are looked at */

    pst_status status = pst_allocate(error, json_object_size(file->header), sizeof(entry), &file->entries);
    if (status != PST_OK)
        return status;
    json_object_foreach(file->header, name, value) {
        if (value == metadata)
            continue;
        status = parse_tensor(error, file, name, value, data_begin, data_bytes, &file->entries[file->count]);
        if (status != PST_OK)
            return status;
        file->count++;
    }
    return check_overlaps(error, file);
}

pst_status pst_safetensors_open(pst_error *error, const char *path, pst_safetensors **file) {
    pst_status status = PST_OK;
    pst_safetensors *opened = NULL;
    char *text = NULL;
    uint64_t bytes, header_bytes = 0;
    uint8_t length[8];
    *file = NULL;
    PST_TRY(pst_allocate(error, 1, sizeof *opened, &opened));
    PST_TRY(pst_copy_text(error, path, &opened->path));
    PST_TRY(pst_file_open(error, path, &opened->file, &bytes));
    if (bytes == 0)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is empty", path));
    PST_TRY(pst_file_read(error, opened->file, 0, length, sizeof length));
    for (int i = 0; i < 8; i++)
        header_bytes |= (uint64_t)length[i] << (8 * i);
    if (header_bytes > MAX_HEADER_BYTES || header_bytes < 2)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is not a safetensors file", path));
    if (header_bytes > bytes - 8)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is not a safetensors file, or is cut short", path));
    status = pst_allocate(error, (size_t)header_bytes, 1, &text);
    if (status != PST_OK) {
        pst_fail_in(error, path);
        goto cleanup;
    }
    PST_TRY(pst_file_read(error, opened->file, 8, text, (size_t)header_bytes));
    if (text[0] != '{')
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is not a safetensors file", path));
    json_error_t reason;
    opened->header = json_loadb(text, (size_t)header_bytes, JSON_REJECT_DUPLICATES, &reason);
    if (!opened->header && !reason.text[0]) /* so jansson says it */
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory for its header", path));
    if (!opened->header)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: its header is damaged: %s", path, reason.text));
    PST_TRY(parse_header(error, opened, 8 + header_bytes, bytes - 8 - header_bytes));
    *file = opened;
    opened = NULL;

cleanup:
    pst_free(text);
    pst_safetensors_close(opened);
    return status;
}

void pst_safetensors_close(pst_safetensors *file) {
    if (!file)
        return;
    json_decref(file->header);
    pst_file_close(file->file);
    pst_free(file->entries);
    pst_free(file->path);
    pst_free(file);
}

size_t pst_safetensors_count(const pst_safetensors *file) { return file->count; }

const pst_tensor_info *pst_safetensors_at(const pst_safetensors *file, size_t index) {
    return index < file->count ? &file->entries[index].info : NULL;
}

const pst_tensor_info *pst_safetensors_find(const pst_safetensors *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->entries[i].info.name, name) == 0)
            return &file->entries[i].info;
    return NULL;
}

const char *pst_safetensors_metadata(const pst_safetensors *file, const char *key) {
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

/* ---- the numbers --------------------------------------------------------------------------------------------- */

/* One of `floats` and `doubles` is given. */
static pst_status read_values(pst_error *error, pst_safetensors *file, const pst_tensor_info *tensor, float *floats,
                              double *doubles) {
    const entry *from = (const entry *)(const void *)tensor;
    if (tensor->type == PST_TENSOR_OTHER)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: tensor %.64s is not stored as F16, BF16, F32, F64 or I8",
                        file->path, tensor->name);
    return pst_tensor_read(error, file->file, from->begin, tensor->type, tensor->count, floats, doubles);
}

pst_status pst_safetensors_read_float(pst_error *error, pst_safetensors *file, const pst_tensor_info *tensor,
                                      float *values) {
    return read_values(error, file, tensor, values, NULL);
}

pst_status pst_safetensors_read_double(pst_error *error, pst_safetensors *file, const pst_tensor_info *tensor,
                                       double *values) {
    return read_values(error, file, tensor, NULL, values);
}

/* ---- as a network file --------------------------------------------------------------------------------------- */

/* Metadata may say what the internal convention says, and nothing else. */
static pst_status check_metadata(pst_error *error, const pst_safetensors *file) {
    static const struct {
        const char *key, *value;
    } convention[] = {
        {"layout", "OIHW"},  {"channel_order", "BGR"}, {"pixel_range", "0..255"}, {"mean", "103.939,116.779,123.68"},
        {"padding", "zero"},
    };
    for (size_t i = 0; i < sizeof convention / sizeof convention[0]; i++) {
        const char *key = convention[i].key, *value = pst_safetensors_metadata(file, key);
        if (!value && json_object_get(json_object_get(file->header, "__metadata__"), key))
            value = "no text";
        if (value && strcmp(value, convention[i].value) != 0)
            return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: its metadata says that %s is %.64s; only %s can be used",
                            file->path, convention[i].key, value, convention[i].value);
    }
    return PST_OK;
}

static pst_status open_source(pst_error *error, pst_source *source) {
    pst_safetensors *file;
    pst_status status = pst_safetensors_open(error, source->path, &file);
    source->state = file;
    if (status == PST_OK)
        status = check_metadata(error, file);
    /* Files of this program's own kind are Caffe's, as its documentation says, and those with torchvision's names need
     * not be. */
    if (status == PST_OK &&
        (pst_safetensors_find(file, "conv1_1.weight") || pst_safetensors_metadata(file, "channel_order")))
        source->convention = PST_CONVENTION_CAFFE;
    for (size_t i = 0; status == PST_OK && i < file->count; i++) {
        const pst_tensor_info *info = &file->entries[i].info;
        pst_source_tensor *tensor;
        status = pst_source_add(error, source, info->name, info->type, info->dimension_count, info->shape, &tensor);
        if (status == PST_OK)
            tensor->at = file->entries[i].begin;
    }
    return status;
}

static void close_source(pst_source *source) { pst_safetensors_close(source->state); }

const pst_format pst_format_safetensors = {
    .name = "safetensors", .open = open_source, .read = pst_source_read_plain, .close = close_source};
