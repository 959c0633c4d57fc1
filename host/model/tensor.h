/* Tensors as network files store them: types, shapes, and their numbers as floats. */
#ifndef PST_MODEL_TENSOR_H
#define PST_MODEL_TENSOR_H

#include "base/file.h"

#define PST_TENSOR_MAX_DIMENSIONS 8
typedef enum pst_tensor_type {
    PST_TENSOR_F16,
    PST_TENSOR_BF16,
    PST_TENSOR_F32,
    PST_TENSOR_F64,
    PST_TENSOR_I8, /* with its sign; safetensors alone */
    PST_TENSOR_OTHER
} pst_tensor_type;

typedef struct pst_tensor_info {
    const char *name; /* owned by the file */
    pst_tensor_type type;
    int dimension_count;
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS]; /* each >= 0 */
    size_t count;                             /* product of the shape; 1 for a scalar */
} pst_tensor_info;

/* Bytes of a number; 0 for PST_TENSOR_OTHER. */
size_t pst_tensor_element_bytes(pst_tensor_type type);

/* Sets info->count from the shape; false if a side is negative or the product does not fit. */
bool pst_tensor_count(pst_tensor_info *info);

/* "64x3x3x3", "()" for a scalar. Returns text. */
char *pst_tensor_shape_text(const pst_tensor_info *info, char text[200]);

/* Reads count little-endian numbers of a type other than PST_TENSOR_OTHER that begin at a byte of a file, through a
 * small buffer, so that a large tensor is in memory once. One of floats and doubles is given. */
pst_status pst_tensor_read(pst_error *error, pst_file *file, uint64_t offset, pst_tensor_type type, size_t count,
                           float *floats, double *doubles);

/* The same from memory. */
void pst_tensor_convert(const uint8_t *bytes, pst_tensor_type type, size_t count, float *floats, double *doubles);

/* The nearest half float, to even on a tie; infinite from 65520 on. */
uint16_t pst_half_of_float(float value);

#endif
