/* What the reader of ONNX's graph (onnx.c) does with the tensors that it finds. */
#ifndef PST_MODEL_ONNX_TENSOR_H
#define PST_MODEL_ONNX_TENSOR_H

#include "model/protobuf_wire.h"
#include "model/source.h"

typedef struct pst_onnx_tensor {
    pst_error *error;
    pst_source *source;
    pst_wire *wire;
    pst_wire_span message;
    const char *name, *part; /* in the file, and the name that it gets in the source */
} pst_onnx_tensor;

/* Adds it to the source. */
pst_status pst_onnx_add(const pst_onnx_tensor *tensor);

/* The format's `read`. */
pst_status pst_onnx_read(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values);

#endif
