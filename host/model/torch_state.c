#include <string.h>

#include "model/torch.h"

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

static bool has_tensors(const pst_pickle *pickle, pst_pickle_id map) {
    pst_pickle_id name, value;
    uint32_t at = 0;
    if (pst_pickle_get(pickle, map)->kind != PST_PICKLE_MAP)
        return false;
    while (pst_pickle_next(pickle, map, &at, &name) && pst_pickle_next(pickle, map, &at, &value))
        if (pst_pickle_get(pickle, value)->kind == PST_PICKLE_TENSOR)
            return true;
    return false;
}

pst_status pst_torch_add_tensors(pst_error *error, pst_source *source, const pst_pickle *pickle, pst_pickle_id top) {
    static const char *const usual[] = {"state_dict", "model_state_dict", "model_state", "model",
                                        "net",        "network",          "params"};
    pst_pickle_id map = top, name, value;
    for (size_t i = 0; !has_tensors(pickle, map) && i < sizeof usual / sizeof usual[0]; i++)
        map = pst_pickle_lookup(pickle, top, usual[i]);
    if (!has_tensors(pickle, map))
        return pst_fail(error, PST_ERROR_FORMAT, "%s: holds no dictionary of tensors", source->path);
    uint32_t at = 0;
    while (pst_pickle_next(pickle, map, &at, &name) && pst_pickle_next(pickle, map, &at, &value)) {
        const pst_pickle_value *tensor = pst_pickle_get(pickle, value);
        int64_t shape[PST_TENSOR_MAX_DIMENSIONS];
        pst_source_tensor *added;
        if (tensor->kind != PST_PICKLE_TENSOR || pst_pickle_get(pickle, name)->kind != PST_PICKLE_TEXT)
            continue;
        int dimensions = integers(pickle, tensor->size, shape);
        pst_status status = pst_source_add(error, source, pst_pickle_get(pickle, name)->text,
                                           pst_pickle_get(pickle, tensor->storage)->type, dimensions, shape, &added);
        if (status != PST_OK)
            return status;
        added->at = value;
    }
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
