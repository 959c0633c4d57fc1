#include "model/tensor_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

/* conv1_2 or block1_conv2, up to `end`. */
static bool read_place(const char *at, const char *end, pst_tensor_name *m) {
    const char *from = at;
    if (take(&at, "conv") && take_number(&at, &m->block) && take(&at, "_") && take_number(&at, &m->unit) && at == end)
        return true;
    at = from;
    return take(&at, "block") && take_number(&at, &m->block) && take(&at, "_conv") && take_number(&at, &m->unit) &&
           at == end;
}

/* A list of modules may be cut into slices, whose modules keep their numbers: slice2.5.weight. Where the number of the
 * slice begins, or else `end`. */
static const char *cut_slice(const char *name, const char *end) {
    static const char slice[] = "slice";
    const char *at = end;
    if (at > name)
        at--;
    while (at > name && isdigit((unsigned char)at[-1]))
        at--;
    size_t length = sizeof slice - 1;
    bool cut = (size_t)(at - name) >= length && strncmp(at - length, slice, length) == 0;
    return cut ? at : end;
}

/* PyTorch, safetensors and the names that other importers make: conv1_2.weight, features.2.weight, 2.weight. */
static bool read_dotted(const char *name, pst_tensor_name *m) {
    const char *end = strrchr(name, '.');
    if (!end)
        return false;
    m->part = strcmp(end, ".weight") == 0 ? PST_NAME_WEIGHT : PST_NAME_BIAS;
    if (m->part == PST_NAME_BIAS && strcmp(end, ".bias") != 0)
        return false;
    const char *begin = end;
    while (begin > name && begin[-1] != '.')
        begin--;
    const char *at = begin;
    m->prefix = (size_t)(begin - name);
    m->naming = PST_NAMING_PLACE;
    if (read_place(begin, end, m))
        return true;
    m->naming = PST_NAMING_SEQUENCE;
    m->prefix = (size_t)(cut_slice(name, begin) - name);
    return take_number(&at, &m->unit) && at == end;
}

/* block1_conv1_W_1:0, as files of 2015 name what is in the folder. */
static bool read_old_leaf(const char *at, pst_tensor_name *m) {
    int block, unit, count;
    if (!take(&at, "block") || !take_number(&at, &block) || !take(&at, "_conv") || !take_number(&at, &unit) ||
        block != m->block || unit != m->unit)
        return false;
    bool weight = take(&at, "_W");
    if (!weight && !take(&at, "_b"))
        return false;
    m->part = weight ? PST_NAME_WEIGHT : PST_NAME_BIAS;
    if (take(&at, "_") && !take_number(&at, &count))
        return false;
    return strcmp(at, ":0") == 0;
}

/* HDF5: folders of layers with a tensor in the last of them. With Keras the tensor is kernel:0, with Keras 3 vars/0,
 * and with Caffe (data/conv1_1/0) a number too. */
static bool read_folders(const char *name, pst_tensor_name *m) {
    const char *leaf = strrchr(name, '/') + 1, *last = NULL;
    bool found = false;
    for (const char *folder = name; folder < leaf; folder = strchr(folder, '/') + 1) {
        const char *end = strchr(folder, '/'), *at = folder;
        pst_tensor_name one = {.naming = PST_NAMING_PLACE, .prefix = (size_t)(folder - name)};
        bool place = read_place(folder, end, &one);
        if (!place) {
            one.naming = PST_NAMING_ORDINAL; /* conv2d without a number is the first, 0 */
            if (!take(&at, "conv2d") || !(at == end || (take(&at, "_") && take_number(&at, &one.unit) && at == end)))
                continue;
        }
        if (found && m->naming == one.naming && m->block == one.block && m->unit == one.unit)
            one.prefix = m->prefix; /* a folder of the same name within it */
        *m = one;
        found = true;
        last = folder;
    }
    if (!found)
        return false;
    if (strncmp(leaf, "block", 5) == 0)
        return read_old_leaf(leaf, m);
    bool numbered = (leaf - name >= 5 && strncmp(leaf - 5, "vars/", 5) == 0) ||
                    (strncmp(last, "conv", 4) == 0 && m->naming == PST_NAMING_PLACE && strchr(last, '/') + 1 == leaf);
    if (m->naming == PST_NAMING_ORDINAL && !numbered)
        return false;
    bool weight = (numbered && strcmp(leaf, "0") == 0) || strcmp(leaf, "kernel:0") == 0 || strcmp(leaf, "kernel") == 0;
    bool bias = (numbered && strcmp(leaf, "1") == 0) || strcmp(leaf, "bias:0") == 0 || strcmp(leaf, "bias") == 0;
    m->part = weight ? PST_NAME_WEIGHT : PST_NAME_BIAS;
    return weight || bias;
}

bool pst_tensor_name_read(const char *name, pst_tensor_name *meaning) {
    *meaning = (pst_tensor_name){.naming = PST_NAMING_PLACE};
    return strchr(name, '/') ? read_folders(name, meaning) : read_dotted(name, meaning);
}
