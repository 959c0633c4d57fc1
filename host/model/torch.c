/* PyTorch's files from before version 1.6 (2020), and torchvision's to this day: five pickles one after the other - a
 * magic number, a version, facts about the machine, the object, the keys of its storages - and then the storages in the
 * keys' order, each with its number of elements before it. */
#include "model/torch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_WINDOW ((size_t)64 << 10)

typedef struct place { /* of a storage */
    const char *key;
    uint64_t at;
    int64_t count;
    int width;
} place;

typedef struct legacy {
    pst_pickle *object, *keys;
    place *places; /* by key */
    size_t place_count;
} legacy;

/* Reads the pickle at *at and moves there behind it. How long it is shows only when it ends, so a short piece is tried
 * first. */
static pst_status read_pickle(pst_error *error, pst_source *source, uint64_t *at, pst_pickle **pickle,
                              pst_pickle_id *result) {
    uint64_t left = source->bytes > *at ? source->bytes - *at : 0;
    for (size_t window = FIRST_WINDOW;; window *= 16) {
        uint8_t *data;
        size_t bytes = left < window ? (size_t)left : window, used;
        *pickle = NULL;
        pst_status status = pst_allocate(error, bytes, 1, &data);
        if (status != PST_OK)
            return status;
        status = pst_file_read(error, source->file, *at, data, bytes);
        if (status == PST_OK)
            status = pst_pickle_read(error, source->path, data, bytes, &used, pickle, result);
        pst_free(data);
        if (status == PST_OK)
            *at += used;
        if (status == PST_OK || status == PST_ERROR_MEMORY || bytes == left || window >= PST_PICKLE_MAX_BYTES)
            return status;
    }
}

static pst_status read_small(pst_error *error, pst_source *source, uint64_t *at, const char *key, int64_t expected,
                             const char *what) {
    pst_pickle *pickle;
    pst_pickle_id result;
    pst_status status = read_pickle(error, source, at, &pickle, &result);
    if (status != PST_OK)
        return status;
    pst_pickle_id value = key ? pst_pickle_lookup(pickle, result, key) : result;
    bool same =
        pst_pickle_get(pickle, value)->kind == PST_PICKLE_INTEGER && pst_pickle_get(pickle, value)->integer == expected;
    pst_pickle_close(pickle);
    return same ? PST_OK
                : pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: is a PyTorch file %s, which is not read", source->path,
                           what);
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(((const place *)a)->key, ((const place *)b)->key);
}

static place *find_place(const legacy *state, const char *key) {
    const place wanted = {.key = key};
    return bsearch(&wanted, state->places, state->place_count, sizeof *state->places, compare_keys);
}

/* Lists the storages that the object mentions, each once. */
static pst_status list_storages(pst_error *error, legacy *state) {
    size_t count = 0;
    for (pst_pickle_id id = 0; id < pst_pickle_count(state->object); id++)
        count += pst_pickle_get(state->object, id)->kind == PST_PICKLE_STORAGE;
    pst_status status = pst_allocate(error, count, sizeof *state->places, &state->places);
    if (status != PST_OK)
        return status;
    for (pst_pickle_id id = 0; id < pst_pickle_count(state->object); id++) {
        const pst_pickle_value *value = pst_pickle_get(state->object, id);
        if (value->kind == PST_PICKLE_STORAGE)
            state->places[state->place_count++] =
                (place){.key = value->text, .count = value->integer, .width = value->width};
    }
    qsort(state->places, state->place_count, sizeof *state->places, compare_keys);
    size_t kept = 0;
    for (size_t i = 0; i < state->place_count; i++)
        if (kept == 0 || strcmp(state->places[i].key, state->places[kept - 1].key) != 0)
            state->places[kept++] = state->places[i];
    state->place_count = kept;
    return PST_OK;
}

static pst_status place_storages(pst_error *error, pst_source *source, legacy *state, pst_pickle_id keys, uint64_t at) {
    pst_pickle_id key;
    for (uint32_t next = 0; pst_pickle_next(state->keys, keys, &next, &key);) {
        const pst_pickle_value *name = pst_pickle_get(state->keys, key);
        place *found = name->kind == PST_PICKLE_TEXT ? find_place(state, name->text) : NULL;
        uint8_t stored[8];
        uint64_t count = 0;
        if (!found)
            return pst_fail(error, PST_ERROR_FORMAT, "%s: stores numbers that belong to no tensor", source->path);
        pst_status status = pst_file_read(error, source->file, at, stored, 8);
        if (status != PST_OK)
            return status;
        for (int i = 0; i < 8; i++)
            count |= (uint64_t)stored[i] << (8 * i);
        if (count != (uint64_t)found->count || found->at)
            return pst_fail(error, PST_ERROR_FORMAT,
                            "%s: is damaged: a storage at byte %llu is not as long as it should be", source->path,
                            (unsigned long long)at);
        at += 8;
        found->at = at;
        if (count > (source->bytes - at) / (uint64_t)found->width)
            return pst_fail(error, PST_ERROR_FORMAT,
                            "%s: is cut short: it has %llu bytes, and a storage at byte %llu reaches beyond",
                            source->path, (unsigned long long)source->bytes, (unsigned long long)at);
        at += count * (uint64_t)found->width;
    }
    return PST_OK;
}

static pst_status open_legacy(pst_error *error, pst_source *source) {
    legacy *state;
    pst_pickle_id top, keys;
    pst_pickle *magic;
    uint64_t at = 0;
    pst_status status;
    PST_TRY(pst_allocate(error, 1, sizeof *state, &state));
    source->state = state;
    PST_TRY(read_pickle(error, source, &at, &magic, &top)); /* by which the file was known */
    pst_pickle_close(magic);
    PST_TRY(read_small(error, source, &at, NULL, 1001, "of a later kind"));
    PST_TRY(read_small(error, source, &at, "little_endian", 1, "from a big-endian machine"));
    PST_TRY(read_pickle(error, source, &at, &state->object, &top));
    PST_TRY(read_pickle(error, source, &at, &state->keys, &keys));
    PST_TRY(list_storages(error, state));
    PST_TRY(place_storages(error, source, state, keys, at));
    PST_TRY(pst_torch_add_tensors(error, source, state->object, top));
cleanup:
    return status;
}

static pst_status read_legacy(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    const legacy *state = source->state;
    pst_torch_span span;
    pst_status status = pst_torch_find(error, source, state->object, tensor, &span);
    if (status != PST_OK)
        return status;
    const place *from = find_place(state, span.storage->text);
    if (!from || from->at == 0 || from->count != span.storage->integer || from->width != span.storage->width)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: the numbers of tensor %.64s are not in it", source->path,
                        tensor->info.name);
    uint64_t at = from->at + span.first * (uint64_t)from->width;
    if (span.plain)
        return pst_tensor_read(error, source->file, at, tensor->info.type, span.count, values, NULL);
    float *all;
    status = pst_allocate(error, span.count, sizeof *all, &all);
    if (status != PST_OK)
        return status;
    status = pst_tensor_read(error, source->file, at, tensor->info.type, span.count, all, NULL);
    if (status == PST_OK)
        pst_torch_pick(state->object, tensor, all, values);
    pst_free(all);
    return status;
}

static void close_legacy(pst_source *source) {
    legacy *state = source->state;
    if (!state)
        return;
    pst_pickle_close(state->object);
    pst_pickle_close(state->keys);
    pst_free(state->places);
    pst_free(state);
}

const pst_format pst_format_torch = {
    .name = "PyTorch", .open = open_legacy, .read = read_legacy, .close = close_legacy};
