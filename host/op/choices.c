#include "op/choices.h"

#include <string.h>

#include "base/memory.h"
#include "op/blocks.h"

#define SIZE_RATIO 4.0

static int order(const pst_conv_shape *a, const pst_conv_shape *b) {
    const int left[] = {a->backward, a->c_in, a->c_out, (int)a->pool, a->h, a->w};
    const int right[] = {b->backward, b->c_in, b->c_out, (int)b->pool, b->h, b->w};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static pst_status make_room(pst_error *error, pst_conv_choices *choices) {
    if (choices->count < choices->capacity)
        return PST_OK;
    size_t capacity = choices->capacity ? 2 * choices->capacity : 32;
    pst_conv_choice *entries;
    pst_status status = pst_allocate(error, capacity, sizeof *entries, &entries);
    if (status != PST_OK)
        return status;
    if (choices->count)
        memcpy(entries, choices->entries, choices->count * sizeof *entries);
    pst_free(choices->entries);
    choices->entries = entries;
    choices->capacity = capacity;
    return PST_OK;
}

pst_status pst_conv_choices_set(pst_error *error, pst_conv_choices *choices, const pst_conv_shape *shape,
                                const char *algorithm) {
    if (strlen(algorithm) >= PST_ALGORITHM_NAME)
        return pst_fail(error, PST_ERROR_FORMAT, "the name of an algorithm is too long: %.64s", algorithm);
    pst_status status = make_room(error, choices);
    if (status != PST_OK)
        return status;
    size_t at = 0;
    while (at < choices->count && order(&choices->entries[at].shape, shape) < 0)
        at++;
    pst_conv_choice *entry = &choices->entries[at];
    if (at == choices->count || order(&entry->shape, shape) != 0) {
        memmove(entry + 1, entry, (choices->count - at) * sizeof *entry);
        choices->count++;
    }
    *entry = (pst_conv_choice){.shape = *shape};
    memcpy(entry->algorithm, algorithm, strlen(algorithm) + 1);
    return PST_OK;
}

pst_status pst_conv_choices_add(pst_error *error, pst_conv_choices *to, const pst_conv_choices *from) {
    pst_status status = PST_OK;
    for (size_t i = 0; i < from->count && status == PST_OK; i++)
        status = pst_conv_choices_set(error, to, &from->entries[i].shape, from->entries[i].algorithm);
    to->refused |= from->refused;
    return status;
}

void pst_conv_choices_clear(pst_conv_choices *choices) {
    pst_free(choices->entries);
    *choices = (pst_conv_choices){0};
}

/* How many times more pixels the larger one has; more than SIZE_RATIO for products that cannot stand for each other. */
static double apart(const pst_conv_shape *a, const pst_conv_shape *b) {
    if (a->c_in != b->c_in || a->c_out != b->c_out || a->backward != b->backward ||
        (a->pool == PST_POOL_NONE) != (b->pool == PST_POOL_NONE)) /* all poolings cost the same */
        return 2 * SIZE_RATIO;
    double pixels = (double)a->h * a->w, others = (double)b->h * b->w;
    return pixels > others ? pixels / others : others / pixels;
}

const pst_conv_algorithm *pst_conv_chosen(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    const pst_conv_choice *nearest = NULL;
    double least = SIZE_RATIO;
    for (size_t i = 0; engine->choices && i < engine->choices->count; i++) {
        const pst_conv_choice *entry = &engine->choices->entries[i];
        if (order(&entry->shape, shape) == 0) {
            nearest = entry;
            break;
        }
        double ratio = apart(&entry->shape, shape);
        if (nearest ? ratio < least : ratio <= least) {
            nearest = entry;
            least = ratio;
        }
    }
    for (size_t i = 0; nearest && pst_conv_menu[i]; i++)
        if (strcmp(pst_conv_menu[i]->name, nearest->algorithm) == 0 && pst_conv_usable(engine, pst_conv_menu[i], shape))
            return pst_conv_menu[i];
    return NULL;
}

size_t pst_block_form_chosen(const pst_conv_engine *engine, int c) {
    for (size_t i = 0; engine->choices && i < engine->choices->count; i++) {
        const pst_conv_shape *shape = &engine->choices->entries[i].shape;
        const pst_conv_algorithm *algorithm =
            shape->c_in == c && shape->c_out == c ? pst_conv_chosen(engine, shape) : NULL;
        size_t form = algorithm ? pst_conv_block_form(algorithm) : PST_BLOCK_FORMS;
        if (form < PST_BLOCK_FORMS && pst_block_form_fits(engine->session, form))
            return form;
    }
    return pst_block_form_default(engine->session);
}

const pst_conv_algorithm *pst_conv_choose(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    const pst_conv_algorithm *chosen = pst_conv_chosen(engine, shape);
    return chosen ? chosen : pst_conv_default(engine, shape);
}
