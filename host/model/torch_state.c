#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/torch.h"

#define MAX_DEPTH 32
#define MAX_PATH_BYTES 400

/* The sides of a tensor, or its strides. */
static int integers(const pst_pickle *pickle, pst_pickle_id sequence, int64_t *values) {
    uint32_t at = 0;
    pst_pickle_id item;
    int count = 0;
    while (count < PST_TENSOR_MAX_DIMENSIONS && pst_pickle_next(pickle, sequence, &at, &item))
        values[count++] = pst_pickle_get(pickle, item)->integer;
    return count;
}

/* What to add for a step along each side; nothing along a side of 1, where files may have anything. */
static void strides_of(const pst_pickle *pickle, const pst_source_tensor *tensor, int64_t *stride) {
    integers(pickle, pst_pickle_get(pickle, (pst_pickle_id)tensor->at)->stride, stride);
    for (int d = 0; d < tensor->info.dimension_count; d++)
        if (tensor->info.shape[d] <= 1)
            stride[d] = 0;
}

/* A walk over everything that the pickle holds, each thing once: they may hold each other. */
typedef struct walk {
    pst_error *error;
    pst_source *source;
    const pst_pickle *pickle;
    bool *seen; /* by value */
    char path[MAX_PATH_BYTES];
    size_t length;
    int depth;
} walk;

static pst_status visit(walk *w, pst_pickle_id id);

static pst_status add_tensor(walk *w, pst_pickle_id id) {
    const pst_pickle_value *tensor = pst_pickle_get(w->pickle, id);
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS];
    pst_source_tensor *added;
    int dimensions = integers(w->pickle, tensor->size, shape);
    pst_status status = pst_source_add(w->error, w->source, w->path, pst_pickle_get(w->pickle, tensor->storage)->type,
                                       dimensions, shape, &added);
    if (status == PST_OK)
        added->at = id;
    return status;
}

/* Visits what has a key or place in something: its name is "path.key". Modules keep their parts in dictionaries of
 * these names, which state_dict() leaves out. */
static pst_status visit_part(walk *w, const char *key, pst_pickle_id value, bool of_object) {
    bool inner =
        of_object && (strcmp(key, "_modules") == 0 || strcmp(key, "_parameters") == 0 || strcmp(key, "_buffers") == 0);
    size_t before = w->length, room = sizeof w->path - before;
    int added = inner ? 0 : snprintf(w->path + before, room, "%s%s", before ? "." : "", key);
    pst_status status = PST_OK;
    if (added >= 0 && (size_t)added < room) { /* a name that long is no weight's */
        w->length += (size_t)added;
        status = visit(w, value);
    }
    w->length = before;
    w->path[before] = 0;
    return status;
}

static pst_status visit(walk *w, pst_pickle_id id) {
    const pst_pickle_value *value = pst_pickle_get(w->pickle, id);
    pst_pickle_id name, part;
    uint32_t at = 0;
    bool sequence = value->kind == PST_PICKLE_SEQUENCE;
    pst_status status = PST_OK;
    if (value->kind == PST_PICKLE_TENSOR)
        return w->length > 0 ? add_tensor(w, id) : PST_OK;
    if ((!sequence && value->kind != PST_PICKLE_MAP && value->kind != PST_PICKLE_OBJECT) || w->seen[id] ||
        w->depth == MAX_DEPTH)
        return PST_OK;
    w->seen[id] = true;
    w->depth++;
    for (int64_t i = 0; status == PST_OK && (sequence || pst_pickle_next(w->pickle, id, &at, &name)) &&
                        pst_pickle_next(w->pickle, id, &at, &part);
         i++) {
        const pst_pickle_value *key = sequence ? NULL : pst_pickle_get(w->pickle, name);
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, sequence ? i : key->integer);
        if (sequence || key->kind == PST_PICKLE_INTEGER)
            status = visit_part(w, number, part, false);
        else if (key->kind == PST_PICKLE_TEXT)
            status = visit_part(w, key->text, part, value->kind == PST_PICKLE_OBJECT);
    }
    w->depth--;
    return status;
}

pst_status pst_torch_add_tensors(pst_error *error, pst_source *source, const pst_pickle *pickle, pst_pickle_id top) {
    walk w = {.error = error, .source = source, .pickle = pickle};
    const char *object = pickle->object[0] ? pickle->object : NULL;
    pst_status status = pst_allocate(error, pst_pickle_count(pickle), sizeof *w.seen, &w.seen);
    if (status == PST_OK)
        status = visit(&w, top);
    pst_free(w.seen);
    if (status != PST_OK)
        return status;
    if (source->count == 0 && object)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: holds a Python object, %s, and no tensors; nothing in it was executed. Save the model's "
                        "state_dict() instead",
                        source->path, object);
    if (source->count == 0)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: holds no dictionary of tensors", source->path);
    if (object)
        pst_source_note(source, "besides tensors it holds %s%s; nothing in it was executed",
                        pickle->other_objects ? "Python objects, the first of them " : "a Python object, ", object);
    return PST_OK;
}

pst_status pst_torch_find(pst_error *error, const pst_source *source, const pst_pickle *pickle,
                          const pst_source_tensor *tensor, pst_torch_span *span) {
    const pst_pickle_value *value = pst_pickle_get(pickle, (pst_pickle_id)tensor->at);
    const pst_pickle_value *storage = pst_pickle_get(pickle, value->storage);
    int64_t stride[PST_TENSOR_MAX_DIMENSIONS];
    uint64_t first = (uint64_t)value->integer, size = (uint64_t)storage->integer,
             last = first; /* both were checked to be >= 0 */
    strides_of(pickle, tensor, stride);
    bool inside = first < size || tensor->info.count == 0, plain = true;
    int64_t expected = 1; /* the stride of the internal order */
    for (int d = tensor->info.dimension_count - 1; inside && tensor->info.count > 0 && d >= 0; d--) {
        plain = plain && (tensor->info.shape[d] == 1 || stride[d] == expected);
        expected *= tensor->info.shape[d];
        uint64_t steps = (uint64_t)tensor->info.shape[d] - 1, width = (uint64_t)stride[d];
        inside = steps == 0 || width <= (size - 1 - last) / steps;
        last += inside ? steps * width : 0;
    }
    if (!inside)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: tensor %.64s reaches beyond its storage", source->path,
                        tensor->info.name);
    uint64_t count = tensor->info.count > 0 ? last - first + 1 : 0;
    if (count > 2 * (uint64_t)tensor->info.count)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: tensor %.64s is a sparse view of a larger one; save a .contiguous() one", source->path,
                        tensor->info.name);
    *span = (pst_torch_span){first, (size_t)count, plain, storage};
    return PST_OK;
}

void pst_torch_pick(const pst_pickle *pickle, const pst_source_tensor *tensor, const float *span, float *values) {
    const pst_tensor_info *info = &tensor->info;
    int64_t stride[PST_TENSOR_MAX_DIMENSIONS], place[PST_TENSOR_MAX_DIMENSIONS] = {0};
    strides_of(pickle, tensor, stride);
    int64_t from = 0;
    for (size_t i = 0; i < info->count; i++) {
        values[i] = span[from];
        for (int d = info->dimension_count - 1; d >= 0; d--) { /* the next place, as an odometer counts */
            from += stride[d];
            if (++place[d] < info->shape[d])
                break;
            from -= stride[d] * info->shape[d];
            place[d] = 0;
        }
    }
}
