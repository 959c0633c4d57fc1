#include "model/layer_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UNITS PST_WEIGHTS_MAX_CONVOLUTIONS
#define MAX_LISTED 64 /* convolutions of a list, which are numbered less densely than blocks */

enum { WEIGHT, BIAS, PARTS };

/* What a name says. */
typedef struct meaning {
    pst_naming naming;
    int block, unit; /* or the number in the list, in `unit` */
    int part;
} meaning;

/* Which tensors there are, by block and unit, both from 1. */
typedef struct inventory {
    const pst_source_tensor *tensors[PST_WEIGHTS_MAX_BLOCKS + 1][MAX_UNITS + 1][PARTS];
} inventory;

/* ---- names --------------------------------------------------------------------------------------------------- */

/* A number without superfluous zeros, of at most 3 digits; moves *at behind it. */
static bool take_number(const char **at, int *number) {
    char *end;
    if (!isdigit((unsigned char)**at) || ((*at)[0] == '0' && isdigit((unsigned char)(*at)[1])))
        return false;
    long value = strtol(*at, &end, 10);
    if (end - *at > 3)
        return false;
    *at = end;
    *number = (int)value;
    return true;
}

static bool take(const char **at, const char *text) {
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

/* PyTorch, safetensors and the names that other importers make: conv1_2.weight, features.2.weight, 2.weight, and before
 * them what wrappers put there. */
static bool read_dotted(const char *name, meaning *m) {
    const char *at = name;
    take(&at, "module.");
    (void)(take(&at, "vgg.") || take(&at, "model."));
    bool listed = take(&at, "features.");
    if (take(&at, "conv")) {
        m->naming = PST_NAMING_PLACE;
        if (!take_number(&at, &m->block) || !take(&at, "_") || !take_number(&at, &m->unit))
            return false;
    } else {
        m->naming = PST_NAMING_SEQUENCE;
        if ((!listed && at != name) || !take_number(&at, &m->unit))
            return false;
    }
    m->part = strcmp(at, ".weight") == 0 ? WEIGHT : BIAS;
    return m->part == WEIGHT || strcmp(at, ".bias") == 0;
}

/* Keras: folders of layers with a tensor in the last of them. The tensor is kernel:0, in files of 2015
 * block1_conv1_W_1:0, in those of Keras 3 vars/0. */
static bool read_folders(const char *name, meaning *m) {
    const char *leaf = strrchr(name, '/'), *at = name;
    bool found = false;
    if (!leaf)
        return false;
    leaf++;
    for (const char *folder = name; folder < leaf; folder = strchr(folder, '/') + 1) {
        at = folder;
        if (take(&at, "block") && take_number(&at, &m->block) && take(&at, "_conv") && take_number(&at, &m->unit) &&
            *at == '/') {
            m->naming = PST_NAMING_PLACE;
            found = true;
            continue;
        }
        at = folder;
        if (take(&at, "conv2d") && (*at == '/' || (take(&at, "_") && take_number(&at, &m->unit) && *at == '/'))) {
            m->naming = PST_NAMING_ORDINAL; /* conv2d without a number is the first, 0 */
            found = true;
        }
    }
    if (!found)
        return false;
    at = leaf;
    if (take(&at, "block")) {
        int block, unit, count;
        if (!take_number(&at, &block) || !take(&at, "_conv") || !take_number(&at, &unit) || block != m->block ||
            unit != m->unit)
            return false;
        bool weight = take(&at, "_W");
        if (!weight && !take(&at, "_b"))
            return false;
        m->part = weight ? WEIGHT : BIAS;
        if (take(&at, "_") && !take_number(&at, &count))
            return false;
        return strcmp(at, ":0") == 0;
    }
    bool vars = leaf - name >= 5 && strncmp(leaf - 5, "vars/", 5) == 0;
    if (m->naming == PST_NAMING_ORDINAL && !vars)
        return false;
    bool weight = vars ? strcmp(leaf, "0") == 0 : strcmp(leaf, "kernel:0") == 0 || strcmp(leaf, "kernel") == 0;
    bool bias = vars ? strcmp(leaf, "1") == 0 : strcmp(leaf, "bias:0") == 0 || strcmp(leaf, "bias") == 0;
    m->part = weight ? WEIGHT : BIAS;
    return weight || bias;
}

static bool read_name(const char *name, meaning *m) {
    *m = (meaning){.naming = PST_NAMING_PLACE};
    return strchr(name, '/') ? read_folders(name, m) : read_dotted(name, m);
}

/* ---- by block and unit --------------------------------------------------------------------------------------- */

static pst_status put_away(pst_error *error, const pst_source *source, inventory *found, const meaning *m,
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
static pst_status gather(pst_error *error, const pst_source *source, pst_naming naming, listed *list, size_t *count) {
    meaning m;
    *count = 0;
    for (int part = WEIGHT; part < PARTS; part++) /* biases after all weights, whatever order they come in */
        for (size_t i = 0; i < source->count; i++) {
            const pst_source_tensor *tensor = &source->tensors[i];
            size_t k = 0;
            if (!read_name(tensor->info.name, &m) || m.naming != naming || m.part != part)
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
            status = put_away(error, source, found, &(meaning){.block = block, .unit = unit, .part = part},
                              entry->parts[part]);
    return status;
}

/* Modules are counted, so that a convolution and its relu take 2 numbers, with a padding of its own 3, and a pooling 1
 * more. The kind with paddings begins with a 1x1 convolution for colors. */
static pst_status place_sequence(pst_error *error, const pst_source *source, inventory *found, pst_names *names) {
    listed list[MAX_LISTED];
    size_t count;
    pst_status status = gather(error, source, PST_NAMING_SEQUENCE, list, &count);
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

/* Nothing tells where the poolings are, but all VGG networks double their channels after the first three, and have as
 * many convolutions in the fourth block as in the third. */
static pst_status place_ordinals(pst_error *error, const pst_source *source, inventory *found) {
    listed list[MAX_LISTED];
    size_t count;
    int block = 1, unit = 0, third = 0;
    int64_t channels = -1;
    pst_status status = gather(error, source, PST_NAMING_ORDINAL, list, &count);
    for (size_t i = 0; i < count && status == PST_OK; i++) {
        /* Kernels are HWIO wherever convolutions have numbers alone. */
        int64_t c_out = list[i].parts[WEIGHT]->info.shape[source->layout == PST_LAYOUT_HWIO ? 3 : 0];
        if (unit > 0 && (block < 4 ? c_out != channels : block == 4 && unit == third)) {
            third = block == 3 ? unit : third;
            block++;
            unit = 0;
        }
        channels = c_out;
        status = put_listed(error, source, found, &list[i], block, ++unit);
    }
    return status;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

pst_status pst_names_find(pst_error *error, const pst_source *source, pst_names *names) {
    inventory found = {0};
    bool seen[PST_NAMING_ORDINAL + 1] = {false};
    const char *normalization = NULL;
    bool classifier[2] = {false, false};
    pst_status status = PST_OK;
    meaning m;
    *names = (pst_names){0};
    for (size_t i = 0; i < source->count; i++) {
        const pst_source_tensor *tensor = &source->tensors[i];
        const char *name = tensor->info.name;
        const char *last = strrchr(name, '.');
        if (last && strcmp(last, ".running_mean") == 0)
            normalization = name;
        classifier[0] = classifier[0] || strcmp(name, "classifier.0.weight") == 0;
        classifier[1] = classifier[1] || strcmp(name, "classifier.1.weight") == 0;
        if (!read_name(name, &m))
            continue;
        seen[m.naming] = true;
        if (m.naming == PST_NAMING_PLACE)
            status = put_away(error, source, &found, &m, tensor);
        if (status != PST_OK)
            return status;
    }
    if (normalization)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: has batch normalization (%.64s); only the plain VGG networks are read", source->path,
                        normalization);
    names->shifted_classifier = classifier[1] && !classifier[0];
    names->naming = seen[PST_NAMING_PLACE] || (!seen[PST_NAMING_SEQUENCE] && !seen[PST_NAMING_ORDINAL])
                        ? PST_NAMING_PLACE
                    : seen[PST_NAMING_SEQUENCE] ? PST_NAMING_SEQUENCE
                                                : PST_NAMING_ORDINAL;
    if (names->naming == PST_NAMING_SEQUENCE)
        status = place_sequence(error, source, &found, names);
    else if (names->naming == PST_NAMING_ORDINAL)
        status = place_ordinals(error, source, &found);
    return status == PST_OK ? list_convolutions(error, source, &found, names) : status;
}
