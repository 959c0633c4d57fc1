/* The safetensors container: 8 bytes of header length, a JSON header, the tensors' bytes. Everything the header says is
 * checked against the file's size before any memory is taken for it. The format has no C library; jansson reads the
 * header. */
#ifndef PST_MODEL_SAFETENSORS_H
#define PST_MODEL_SAFETENSORS_H

#include "model/tensor.h"

typedef struct pst_safetensors pst_safetensors;

/* Reads and checks the header. Messages begin with the path. */
pst_status pst_safetensors_open(pst_error *error, const char *path, pst_safetensors **file);
void pst_safetensors_close(pst_safetensors *file);

size_t pst_safetensors_count(const pst_safetensors *file);
const pst_tensor_info *pst_safetensors_at(const pst_safetensors *file, size_t index);
/* NULL if there is none of that name. */
const pst_tensor_info *pst_safetensors_find(const pst_safetensors *file, const char *name);
/* A string of __metadata__, or NULL. */
const char *pst_safetensors_metadata(const pst_safetensors *file, const char *key);

/* Reads a tensor of this file, converted from F16, BF16, F32, F64 or I8 (scaled.h); values has room for tensor->count.
 */
pst_status pst_safetensors_read_float(pst_error *error, pst_safetensors *file, const pst_tensor_info *tensor,
                                      float *values);
pst_status pst_safetensors_read_double(pst_error *error, pst_safetensors *file, const pst_tensor_info *tensor,
                                       double *values);

#endif
