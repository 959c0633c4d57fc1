/* Which algorithm of the convolution menu was measured to be the fastest for which product: a table that is consulted
 * before the built-in defaults. */
#ifndef PST_OP_CHOICES_H
#define PST_OP_CHOICES_H

#include "op/conv.h"

#define PST_ALGORITHM_NAME 32

typedef struct pst_conv_choice {
    pst_conv_shape shape;
    char algorithm[PST_ALGORITHM_NAME];
} pst_conv_choice;

/* Sorted by shape, so that the same choices are the same table whatever order they came in. Zeroed: empty. */
typedef struct pst_conv_choices {
    pst_conv_choice *entries;
    size_t count, capacity;
    uint64_t refused; /* op/refused.h: what was found to take the compiler too long */
} pst_conv_choices;

/* Adds or replaces the choice for a shape. The name is not looked up; one that is too long is PST_ERROR_FORMAT. */
pst_status pst_conv_choices_set(pst_error *error, pst_conv_choices *choices, const pst_conv_shape *shape,
                                const char *algorithm);

/* All of `from` into `to`. */
pst_status pst_conv_choices_add(pst_error *error, pst_conv_choices *to, const pst_conv_choices *from);
void pst_conv_choices_clear(pst_conv_choices *choices);

/* The choice for a product that differs from `shape` in its size at most: the one whose number of pixels is nearest, if
 * that is within a factor of 4, for which algorithm is fastest depends on the channels and hardly on the pixels. NULL
 * if there is none, or if the menu of this build has no such algorithm, or if it does not support the shape. */
const pst_conv_algorithm *pst_conv_chosen(const pst_conv_engine *engine, const pst_conv_shape *shape);

/* The form of blocks (op/blocks.h) for matrix products of c channels on GPUs: that of what was measured to be the
 * fastest for a convolution from c to c channels, or the device's default. */
size_t pst_block_form_chosen(const pst_conv_engine *engine, int c);

/* pst_conv_chosen with the engine's table, or else pst_conv_default. */
const pst_conv_algorithm *pst_conv_choose(const pst_conv_engine *engine, const pst_conv_shape *shape);

#endif
