#include "model/layer_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/candidates.h"

#define MAX_UNITS PST_WEIGHTS_MAX_CONVOLUTIONS
#define MAX_LISTED 64 /* convolutions of a list, which are numbered less densely than blocks */

enum { WEIGHT = PST_NAME_WEIGHT, BIAS = PST_NAME_BIAS, PARTS = PST_NAME_PARTS };

/* Which tensors there are, by block and unit, both from 1. */
typedef struct inventory {
    const pst_source_tensor *tensors[PST_WEIGHTS_MAX_BLOCKS + 1][MAX_UNITS + 1][PARTS];
} inventory;

/* ---- by block and unit --------------------------------------------------------------------------------------- */

static pst_status put_away(pst_error *error, const pst_source *source, inventory *found, const pst_tensor_name *m,
                           const pst_source_tensor *tensor) {
    if (m->block < 1 || m->block > PST_WEIGHTS_MAX_BLOCKS || m->unit < 1 || m->unit > MAX_UNITS)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: has %.64s; blocks go from 1 to %d and units from 1 to %d",
                        source->path, tensor->info.name, PST_WEIGHTS_MAX_BLOCKS, MAX_UNITS);
    const pst_source_tensor **slot = &found->tensors[m->block][m->unit][m->part];
    if (*slot)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: %.64s and %.64s are both conv%d_%d.%s", source->path,
                        (*slot)->info.name, tensor->info.name, m->block, m->unit,
                        m->part == WEIGHT ? "weight" : "bias");
    *slot = tensor;
    return PST_OK;
}

/* Lists all convolutions in their order. Fails at the first gap. */
static pst_status list_convolutions(pst_error *error, const pst_source *source, const inventory *found,
                                    pst_names *names) {
    int missing_block = 0, missing_unit = 0; /* the first that is not there, while others may still come */
    for (int block = 1; block <= PST_WEIGHTS_MAX_BLOCKS; block++)
        for (int unit = 1; unit <= MAX_UNITS; unit++) {
            const pst_source_tensor *const *parts = found->tensors[block][unit];
            bool none = !parts[WEIGHT] && !parts[BIAS];
            bool gap = missing_block == block || (missing_block && missing_unit == 1);
            if (none && !gap) {
                missing_block = block;
                missing_unit = unit;
            }
            if (none)
                continue;
            if (gap)
                return pst_fail(error, PST_ERROR_FORMAT, "%s: has conv%d_%d but no conv%d_%d", source->path, block,
                                unit, missing_block, missing_unit);
            if (!parts[WEIGHT] || !parts[BIAS])
                return pst_fail(error, PST_ERROR_FORMAT, "%s: conv%d_%d.%s is missing", source->path, block, unit,
                                parts[WEIGHT] ? "bias" : "weight");
            if (names->count == PST_WEIGHTS_MAX_CONVOLUTIONS)
                return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: has more than %d convolutions", source->path,
                                PST_WEIGHTS_MAX_CONVOLUTIONS);
            names->parts[names->count++] = (pst_parts){block, unit, parts[WEIGHT], parts[BIAS]};
        }
    if (names->count > 0)
        return PST_OK;
    /* Formats with a naming of their own say nothing about their tensors' names. */
    return pst_fail(error, PST_ERROR_FORMAT, "%s: has no conv1_1.weight, so it is not a VGG network; %s were expected",
                    source->path,
                    strcmp(source->format->name, "Keras HDF5") == 0
                        ? "layers block1_conv1, block1_conv2 and so on"
                        : "tensors conv1_1.weight, conv1_1.bias and so on, or torchvision's features.0.weight");
}

/* ---- lists --------------------------------------------------------------------------------------------------- */

typedef struct listed {
    int number;
    const pst_source_tensor *parts[PARTS];
} listed;

static int compare_numbers(const void *a, const void *b) {
    return ((const listed *)a)->number - ((const listed *)b)->number;
}

/* The convolutions of a list, in order: what has a weight of four dimensions. */
static pst_status gather(pst_error *error, const pst_source *source, const pst_candidate *of, listed *list,
                         size_t *count) {
    pst_tensor_name m;
    *count = 0;
    for (int part = WEIGHT; part < PARTS; part++) /* biases after all weights, whatever order they come in */
        for (size_t i = 0; i < source->count; i++) {
            const pst_source_tensor *tensor = &source->tensors[i];
            size_t k = 0;
            if (!pst_candidate_has(of, tensor->info.name, &m) || m.part != part)
                continue;
            while (k < *count && list[k].number != m.unit)
                k++;
            if (part == BIAS ? k == *count : tensor->info.dimension_count != 4)
                continue;
            if (k == MAX_LISTED)
                return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: has more than %d convolutions", source->path,
                                MAX_LISTED);
            if (k == *count)
                list[(*count)++] = (listed){.number = m.unit};
            if (list[k].parts[part])
                return pst_fail(error, PST_ERROR_FORMAT, "%s: has %.64s and %.64s", source->path, tensor->info.name,
                                list[k].parts[part]->info.name);
            list[k].parts[part] = tensor;
        }
    qsort(list, *count, sizeof *list, compare_numbers);
    return PST_OK;
}

static pst_status put_listed(pst_error *error, const pst_source *source, inventory *found, const listed *entry,
                             int block, int unit) {
    pst_status status = PST_OK;
    for (int part = WEIGHT; part < PARTS && status == PST_OK; part++)
        if (entry->parts[part])
            status = put_away(error, source, found, &(pst_tensor_name){.block = block, .unit = unit, .part = part},
                              entry->parts[part]);
    return status;
}

/* Modules are counted, so that a convolution and its relu take 2 numbers, with a padding of its own 3, and a pooling 1
 * more. The kind with paddings begins with a 1x1 convolution for colors. */
static pst_status place_sequence(pst_error *error, const pst_source *source, const pst_candidate *of, inventory *found,
                                 pst_names *names) {
    listed list[MAX_LISTED];
    size_t count;
    pst_status status = gather(error, source, of, list, &count);
    if (status != PST_OK)
        return status;
    const int64_t *first = count > 0 ? list[0].parts[WEIGHT]->info.shape : NULL;
    bool colors = count > 1 && list[0].number == 0 && list[1].number == 2 && first[0] == 3 && first[1] == 3 &&
                  first[2] == 1 && first[3] == 1;
    int step = colors ? 3 : 2, block = 1, unit = 1;
    if (colors) {
        names->color_weight = list[0].parts[WEIGHT];
        names->color_bias = list[0].parts[BIAS];
    }
    for (size_t i = colors; i < count; i++) {
        int gap = i > (size_t)colors ? list[i].number - list[i - 1].number : 0;
        if (i == (size_t)colors && list[i].number != (colors ? 2 : 0))
            gap = -1;
        if (gap != 0 && gap != step && gap != step + 1)
            return pst_fail(error, PST_ERROR_FORMAT, "%s: %.64s is not where a VGG network has a convolution",
                            source->path, list[i].parts[WEIGHT]->info.name);
        unit = gap == step ? unit + 1 : 1;
        block += gap == step + 1;
        status = put_listed(error, source, found, &list[i], block, unit);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

/* How many convolutions at the beginning may be a VGG network's: a head behind it may have other kernels. Nothing
 * behind the head may go on where the network ended. */
static size_t count_without_head(const pst_source *source, const listed *list, size_t count) {
    bool hwio = source->layout == PST_LAYOUT_HWIO; /* so are kernels wherever convolutions have numbers alone */
    int64_t channels = 3;
    size_t network = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t *shape = list[i].parts[WEIGHT]->info.shape;
        bool fits = shape[hwio ? 0 : 2] == 3 && shape[hwio ? 1 : 3] == 3 && shape[hwio ? 2 : 1] == channels;
        if (fits && network < i)
            return count;
        if (fits)
            channels = shape[hwio ? 3 : 0];
        network += fits;
    }
    return network > 0 ? network : count;
}

/* Nothing says where the poolings are, but all VGG networks double their channels after the first three, and have as
 * many convolutions in the fourth and fifth block as in the third. */
static pst_status place_ordinals(pst_error *error, pst_source *source, const pst_candidate *of, inventory *found) {
    listed list[MAX_LISTED];
    size_t count, placed = 0;
    int block = 1, unit = 0, third = 0;
    int64_t channels = -1;
    pst_status status = gather(error, source, of, list, &count);
    size_t network = status == PST_OK ? count_without_head(source, list, count) : 0;
    for (; placed < network && status == PST_OK; placed++) {
        int64_t c_out = list[placed].parts[WEIGHT]->info.shape[source->layout == PST_LAYOUT_HWIO ? 3 : 0];
        if (unit > 0 && (block < 4 ? c_out != channels : unit == third)) {
            if (block == PST_WEIGHTS_MAX_BLOCKS)
                break;
            third = block == 3 ? unit : third;
            block++;
            unit = 0;
        }
        channels = c_out;
        status = put_listed(error, source, found, &list[placed], block, ++unit);
    }
    if (status == PST_OK && placed < count)
        pst_source_note(source, "the convolutions behind the network are not used: %zu", count - placed);
    return status;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static pst_status place_named(pst_error *error, const pst_source *source, const pst_candidate *of, inventory *found) {
    pst_tensor_name m;
    pst_status status = PST_OK;
    for (size_t i = 0; i < source->count && status == PST_OK; i++)
        if (pst_candidate_has(of, source->tensors[i].info.name, &m))
            status = put_away(error, source, found, &m, &source->tensors[i]);
    return status;
}

/* Batch normalization among the network's layers, which other layers of the file may have. */
static pst_status check_normalization(pst_error *error, const pst_source *source, const pst_candidate *of) {
    static const char folder[] = "batch_normalization", leaf[] = ".running_mean";
    for (size_t i = 0; i < source->count; i++) {
        const char *name = source->tensors[i].info.name;
        size_t length = strlen(name);
        if (length < of->prefix || memcmp(name, of->name, of->prefix) != 0)
            continue;
        if ((length >= sizeof leaf - 1 && strcmp(name + length - (sizeof leaf - 1), leaf) == 0) ||
            (of->naming == PST_NAMING_ORDINAL && strncmp(name + of->prefix, folder, sizeof folder - 1) == 0))
            return pst_fail(error, PST_ERROR_UNSUPPORTED,
                            "%s: has batch normalization (%.64s); only the plain VGG networks are read", source->path,
                            name);
    }
    return PST_OK;
}

/* The classifier of the Caffe weights for PyTorch begins with 1, torchvision's with 0. */
static bool has_shifted_classifier(const pst_source *source, const pst_candidate *of) {
    static const char features[] = "features.", *const layers[] = {"classifier.0.weight", "classifier.1.weight"};
    size_t prefix = of->prefix, tail = sizeof features - 1;
    bool there[2] = {false, false};
    if (prefix >= tail && memcmp(of->name + prefix - tail, features, tail) == 0)
        prefix -= tail;
    for (size_t i = 0; i < source->count; i++) {
        const char *name = source->tensors[i].info.name;
        for (int k = 0; k < 2; k++)
            there[k] = there[k] || (strlen(name) > prefix && memcmp(name, of->name, prefix) == 0 &&
                                    strcmp(name + prefix, layers[k]) == 0);
    }
    return there[1] && !there[0];
}

pst_status pst_names_find(pst_error *error, pst_source *source, pst_names *names) {
    inventory found = {0};
    pst_candidate of;
    bool any;
    *names = (pst_names){0};
    pst_status status = pst_candidates_choose(error, source, &of, &any);
    if (!any)
        of = (pst_candidate){.name = "", .naming = PST_NAMING_PLACE};
    if (status == PST_OK)
        status = check_normalization(error, source, &of);
    if (status != PST_OK)
        return status;
    names->naming = of.naming;
    names->shifted_classifier = has_shifted_classifier(source, &of);
    if (of.naming == PST_NAMING_SEQUENCE)
        status = place_sequence(error, source, &of, &found, names);
    else if (of.naming == PST_NAMING_ORDINAL)
        status = place_ordinals(error, source, &of, &found);
    else
        status = place_named(error, source, &of, &found);
    return status == PST_OK ? list_convolutions(error, source, &found, names) : status;
}
