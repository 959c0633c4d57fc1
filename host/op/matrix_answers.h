/* Products with known answers, by which op/matrix_units.c proves the programs of matrix units. */
#ifndef PST_OP_MATRIX_ANSWERS_H
#define PST_OP_MATRIX_ANSWERS_H

#include <stdbool.h>

/* How a program takes the product: as its only one, a point of Winograd's, a Gram matrix (`left` is `right`, and
 * what is below the diagonal may be anything), the gradient of one, the first product of a root, or the first of
 * several products. */
typedef enum pst_matrix_use {
    PST_USE_PLAIN,
    PST_USE_POINT,
    PST_USE_GRAM,
    PST_USE_GRADIENT,
    PST_USE_ROOT,
    PST_USE_SEVERAL
} pst_matrix_use;

typedef struct pst_matrix_product {
    const char *source, *kernel, *defines;
    pst_matrix_use use;
    int rows, inputs, outputs;
    int turned;   /* `right` is [outputs][inputs] and lies there so many times; 0: [inputs][outputs], and once */
    double error; /* normalized mean square error that is right */
} pst_matrix_product;

/* Whether out [rows][outputs] is left [rows][inputs] (of a Gram matrix [inputs][rows]) times `right`. */
bool pst_matrix_answer_is_right(const pst_matrix_product *p, const float *left, const float *right, const float *out);

#endif
