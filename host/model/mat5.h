/* MATLAB's MAT files of version 5, as far as MatConvNet's networks need them: a tree of cells, structures and arrays,
 * whose numbers stay in the file until they are asked for. matio, the library for these files, was tried first: it took
 * cut files for whole ones and gave arbitrary numbers, and fell over damaged ones. zlib unpacks what is compressed. */
#ifndef PST_MODEL_MAT5_H
#define PST_MODEL_MAT5_H

#include "base/file.h"

#define PST_MAT5_MAX_DIMENSIONS 8

typedef enum pst_mat5_class {
    PST_MAT5_CELL = 1,
    PST_MAT5_STRUCT = 2,
    PST_MAT5_TEXT = 4,
    PST_MAT5_DOUBLE = 6,
    PST_MAT5_SINGLE = 7
    /* others are passed over */
} pst_mat5_class;

typedef uint32_t pst_mat5_id; /* of an array; 0 is none */

typedef struct pst_mat5_array {
    int kind; /* a pst_mat5_class, or the number of another */
    int dimension_count;
    uint64_t dimensions[PST_MAT5_MAX_DIMENSIONS]; /* the first is the fastest */
    uint64_t count;                               /* their product; the one structure of a structure is 1 */
    char name[64];                                /* of a variable, or of the field that it is */
    char text[64];                                /* of a text, cut to fit */
    pst_mat5_id first, next; /* a cell's first element, a structure's first field; the next one beside this */
    bool readable;           /* singles or doubles, all there, without an imaginary part */
    int number_type;         /* of what is stored */
    uint32_t variable;       /* in which the numbers are */
    uint64_t at;             /* where: bytes from the beginning of the variable's contents */
} pst_mat5_array;

typedef struct pst_mat5 pst_mat5;

/* Reads the tree of a file; everything is checked to lie within what holds it. The file stays the caller's. */
pst_status pst_mat5_open(pst_error *error, const char *path, pst_file *file, uint64_t bytes, pst_mat5 **mat);
void pst_mat5_close(pst_mat5 *mat);

const pst_mat5_array *pst_mat5_get(const pst_mat5 *mat, pst_mat5_id id);

/* The variable of a name, the field of a structure, the element of a cell from 0; 0 if there is none, also within 0. */
pst_mat5_id pst_mat5_variable(const pst_mat5 *mat, const char *name);
pst_mat5_id pst_mat5_field(const pst_mat5 *mat, pst_mat5_id of, const char *name);
pst_mat5_id pst_mat5_element(const pst_mat5 *mat, pst_mat5_id of, uint64_t index);

/* Reads all numbers of a readable array as floats. */
pst_status pst_mat5_read(pst_error *error, pst_mat5 *mat, pst_mat5_id id, float *values);

#endif
