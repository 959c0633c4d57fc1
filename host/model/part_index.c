/* The index that Hugging Face's libraries write beside a network in several files: JSON whose weight_map names, for
 * each tensor, the file that holds it. Each file is a source of its own. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "model/source.h"

#define MAX_BYTES ((size_t)32 << 20)

typedef struct part {
    pst_source *source;
    size_t named, found; /* tensors that the index says it holds, and that it does */
} part;

typedef struct parts {
    json_t *json, *map;
    part *list; /* of the source's companions */
    size_t count;
} parts;

static pst_status load(pst_error *error, pst_source *source, parts *state) {
    uint8_t *text;
    size_t bytes;
    json_error_t reason;
    pst_status status = pst_file_load(error, source->path, MAX_BYTES, &text, &bytes);
    if (status != PST_OK)
        return status;
    state->json = json_loadb((const char *)text, bytes, JSON_REJECT_DUPLICATES, &reason);
    pst_free(text);
    state->map = json_object_get(state->json, "weight_map");
    if (!state->json && json_error_code(&reason) == json_error_out_of_memory)
        return pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory to read it", source->path);
    if (!state->json)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged JSON, at line %d: %s", source->path, reason.line,
                        reason.text);
    if (!json_is_object(state->map))
        return pst_fail(error, PST_ERROR_FORMAT,
                        "%s: is JSON without a weight_map, so not the index of a network in parts; name the file that "
                        "holds the weights",
                        source->path);
    return PST_OK;
}

static pst_status open_part(pst_error *error, const pst_source *source, const pst_companion *companion, part *opened) {
    pst_status status = pst_source_open_part(error, companion->path, &opened->source);
    if (status != PST_OK)
        return pst_fail_in(error, source->path);
    const pst_format *format = opened->source->format;
    if (format != &pst_format_safetensors && format != &pst_format_torch && format != &pst_format_torch_zip)
        return pst_fail(
            error, PST_ERROR_UNSUPPORTED,
            "%s: its part %.100s has the format %s; parts are read as safetensors or PyTorch files only, so "
            "save the network in one file",
            source->path, companion->name, format->name);
    return PST_OK;
}

static pst_status open_parts(pst_error *error, pst_source *source, parts *state) {
    const char *name;
    json_t *value;
    json_object_foreach(state->map, name, value) {
        const pst_companion *companion;
        size_t before = source->companions.count;
        if (!json_is_string(value))
            return pst_fail(error, PST_ERROR_FORMAT, "%s: its weight_map names no file for %.64s", source->path, name);
        pst_status status = pst_companion_open(error, &source->companions, json_string_value(value), &companion);
        if (status == PST_OK && source->companions.count > before) {
            part *larger;
            status = pst_allocate(error, source->companions.count, sizeof *larger, &larger);
            if (status != PST_OK)
                return status;
            if (before > 0)
                memcpy(larger, state->list, before * sizeof *larger);
            pst_free(state->list);
            state->list = larger;
            state->count = source->companions.count;
            status = open_part(error, source, companion, &state->list[before]);
        }
        if (status != PST_OK)
            return status;
        state->list[companion - source->companions.list].named++;
    }
    return PST_OK;
}

/* Whether the index names this part for a tensor. */
static bool is_named(const parts *state, const char *tensor, const pst_companion *companion) {
    const char *file = json_string_value(json_object_get(state->map, tensor));
    while (file && strncmp(file, "./", 2) == 0)
        file += 2;
    return file && strcmp(file, companion->name) == 0;
}

static pst_status add_tensors(pst_error *error, pst_source *source, parts *state, size_t index) {
    const pst_companion *companion = &source->companions.list[index];
    part *of = &state->list[index];
    for (size_t i = 0; i < of->source->count; i++) {
        const pst_tensor_info *info = &of->source->tensors[i].info;
        pst_source_tensor *tensor;
        if (!is_named(state, info->name, companion))
            continue;
        pst_status status =
            pst_source_add(error, source, info->name, info->type, info->dimension_count, info->shape, &tensor);
        if (status != PST_OK)
            return status;
        tensor->at = i;
        tensor->more = index;
        of->found++;
    }
    if (of->found != of->named)
        return pst_fail(error, PST_ERROR_FORMAT,
                        "%s: its part %.100s holds %zu tensors of the %zu that it should; get all files of the network "
                        "again, from one place",
                        source->path, companion->name, of->found, of->named);
    if (of->source->convention != PST_CONVENTION_AUTO)
        source->convention = of->source->convention;
    if (*of->source->notice && !*source->notice)
        pst_source_note(source, "%s", of->source->notice);
    return PST_OK;
}

static pst_status open_index(pst_error *error, pst_source *source) {
    parts *state;
    pst_status status = pst_allocate(error, 1, sizeof *state, &state);
    if (status != PST_OK)
        return status;
    source->state = state;
    status = load(error, source, state);
    if (status == PST_OK)
        status = open_parts(error, source, state);
    for (size_t i = 0; i < state->count && status == PST_OK; i++)
        status = add_tensors(error, source, state, i);
    return status;
}

static pst_status read_index(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    const parts *state = source->state;
    pst_source *of = state->list[tensor->more].source;
    pst_status status = of->format->read(error, of, &of->tensors[tensor->at], values);
    return status == PST_OK ? PST_OK : pst_fail_in(error, source->path);
}

static void close_index(pst_source *source) {
    parts *state = source->state;
    if (!state)
        return;
    for (size_t i = 0; i < state->count; i++)
        pst_source_close(state->list[i].source);
    pst_free(state->list);
    json_decref(state->json);
    pst_free(state);
}

const pst_format pst_format_index = {
    .name = "index of parts", .open = open_index, .read = read_index, .close = close_index};
