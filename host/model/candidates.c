#include "model/candidates.h"

#include <string.h>

#include "base/memory.h"

#define MAX_CANDIDATES 256 /* later ones are passed over */

typedef struct list {
    pst_candidate *items;
    size_t count;
} list;

static bool is_of(const pst_candidate *candidate, const char *name, const pst_tensor_name *meaning) {
    return meaning->naming == candidate->naming && meaning->prefix == candidate->prefix &&
           memcmp(name, candidate->name, meaning->prefix) == 0;
}

bool pst_candidate_has(const pst_candidate *candidate, const char *name, pst_tensor_name *meaning) {
    return pst_tensor_name_read(name, meaning) && is_of(candidate, name, meaning);
}

/* A 3x3 convolution of an image. */
static bool takes_image(const pst_source *source, const pst_tensor_info *weight) {
    const int64_t *s = weight->shape;
    return source->layout == PST_LAYOUT_HWIO ? s[0] == 3 && s[1] == 3 && s[2] == 3
                                             : s[1] == 3 && s[2] == 3 && s[3] == 3;
}

static void gather(const pst_source *source, list *all) {
    pst_tensor_name meaning;
    for (size_t i = 0; i < source->count; i++) {
        const pst_tensor_info *info = &source->tensors[i].info;
        if (!pst_tensor_name_read(info->name, &meaning))
            continue;
        bool weight = meaning.part == PST_NAME_WEIGHT && info->dimension_count == 4;
        if (!weight && meaning.naming != PST_NAMING_PLACE) /* lists number what is no convolution too */
            continue;
        size_t k = 0;
        while (k < all->count && !is_of(&all->items[k], info->name, &meaning))
            k++;
        if (k == MAX_CANDIDATES)
            continue;
        pst_candidate *c = &all->items[k];
        if (k == all->count)
            all->items[all->count++] =
                (pst_candidate){.name = info->name, .prefix = meaning.prefix, .naming = meaning.naming};
        c->weights += weight;
        c->begins = c->begins || (weight && takes_image(source, info));
    }
}

/* What training keeps beside the weights, under their names. Decides only between networks that are alike. */
static bool is_by_product(const pst_candidate *c) {
    static const char *const words[] = {"ema", "optim", "exp_avg", "momentum", "grad", "shadow"};
    char prefix[512];
    size_t length = c->prefix < sizeof prefix ? c->prefix : sizeof prefix - 1;
    memcpy(prefix, c->name, length);
    prefix[length] = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(prefix, words[i]))
            return true;
    return false;
}

/* A list where VGG networks have one: what is wrong with it is worth saying. */
static bool is_usual(const pst_candidate *c) {
    static const char usual[] = "features.";
    size_t length = sizeof usual - 1;
    return c->naming != PST_NAMING_SEQUENCE || c->prefix == 0 ||
           (c->prefix >= length && memcmp(c->name + c->prefix - length, usual, length) == 0);
}

/* Whether `a` is to be read rather than `b`, which comes before it in the file. */
static bool is_better(const pst_candidate *a, const pst_candidate *b) {
    if (a->begins != b->begins)
        return a->begins;
    if (!a->begins && a->naming != b->naming)
        return a->naming < b->naming;
    if (is_by_product(a) != is_by_product(b))
        return !is_by_product(a);
    return a->weights > b->weights;
}

pst_status pst_candidates_choose(pst_error *error, pst_source *source, pst_candidate *chosen, bool *found) {
    list all = {.count = 0};
    const pst_candidate *best = NULL, *other = NULL;
    *found = false;
    pst_status status = pst_allocate(error, MAX_CANDIDATES + 1, sizeof *all.items, &all.items);
    if (status != PST_OK)
        return status;
    gather(source, &all);
    for (size_t i = 0; i < all.count; i++) {
        const pst_candidate *c = &all.items[i];
        if ((c->begins || is_usual(c)) && (!best || is_better(c, best)))
            best = c;
    }
    for (size_t i = 0; best && best->begins && i < all.count && !other; i++)
        if (all.items[i].begins && &all.items[i] != best)
            other = &all.items[i];
    if (other)
        pst_source_note(source, "of its networks the one under \"%.*s\" is used, not the one under \"%.*s\"",
                        (int)(best->prefix < 60 ? best->prefix : 60), best->name,
                        (int)(other->prefix < 60 ? other->prefix : 60), other->name);
    if (best) {
        *chosen = *best;
        *found = true;
    }
    pst_free(all.items);
    return PST_OK;
}
