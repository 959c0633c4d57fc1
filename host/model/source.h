/* An open network file of any format: named tensors, whose numbers are read when they are asked for. An importer fills
 * it; names.c and convention.c find out what its tensors are. */
#ifndef PST_MODEL_SOURCE_H
#define PST_MODEL_SOURCE_H

#include "model/companion.h"
#include "model/tensor.h"

/* How the kernels lie in memory, the slowest dimension first; so are the shapes of the tensors. */
typedef enum pst_layout {
    PST_LAYOUT_OIHW, /* out, in, row, column: the internal one */
    PST_LAYOUT_HWIO, /* Keras */
    PST_LAYOUT_OIWH  /* MATLAB: its HWIO with the first dimension the fastest */
} pst_layout;

typedef struct pst_source_tensor {
    pst_tensor_info info; /* the name is the source's */
    uint64_t at, more;    /* for the importer: where the numbers are */
    pst_file *file;       /* in which; NULL: the source's */
} pst_source_tensor;

typedef struct pst_source pst_source;

typedef struct pst_format {
    const char *name;    /* "Keras HDF5" */
    const char *package; /* of Debian, to be installed where open is NULL */
    pst_status (*open)(pst_error *error,
                       pst_source *source); /* adds the tensors; what is made is left to close if it fails */
    /* All numbers of a tensor that is not PST_TENSOR_OTHER. */
    pst_status (*read)(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values);
    void (*close)(pst_source *source); /* may be NULL */
} pst_format;

struct pst_source {
    const pst_format *format;
    char *path;
    pst_file *file; /* for formats that need no library */
    uint64_t bytes; /* the file's size */
    pst_companions companions;
    pst_source_tensor *tensors;
    size_t count, capacity;
    pst_layout layout;
    pst_convention convention; /* as the format or the file says; PST_CONVENTION_AUTO if they do not */
    double mean[3];            /* for PST_CONVENTION_RGB: red, green, blue */
    char notice[400];          /* what people should know: what was passed over, for one; or "" */
    void *state;               /* the importer's */
};

extern const pst_format pst_format_safetensors, pst_format_keras, pst_format_keras_zip, pst_format_caffe,
    pst_format_onnx, pst_format_torch, pst_format_torch_zip, pst_format_matlab, pst_format_index;

/* Keras 3's archives hold an HDF5 file of this name, which is read from memory. The image is the source's from then on.
 */
#define PST_KERAS_ENTRY "model.weights.h5"
pst_status pst_keras_open_image(pst_error *error, pst_source *source, uint8_t *image, size_t bytes);

/* Finds the format by the file's content and opens it. */
pst_status pst_source_open(pst_error *error, const char *path, pst_source **source);

/* Opens a file that an index names as a part; it must not be an index too. */
pst_status pst_source_open_part(pst_error *error, const char *path, pst_source **source);

/* Opens a source as of a format, which this build may not read. */
pst_status pst_source_open_as(pst_error *error, pst_source *source, const pst_format *format);
void pst_source_close(pst_source *source);

/* Adds a tensor with a copy of its name; the shape has at most PST_TENSOR_MAX_DIMENSIONS sides. *added may be NULL.
 * Refuses impossible shapes, and more tensors than any network has. */
pst_status pst_source_add(pst_error *error, pst_source *source, const char *name, pst_tensor_type type,
                          int dimension_count, const int64_t *shape, pst_source_tensor **added);

/* Adds something to the notice. Text of the file is printable in it. */
void pst_source_note(pst_source *source, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops sides of 1 until one side is left, as formats that know no vectors need it for biases. */
void pst_source_make_vector(pst_source_tensor *tensor);

/* NULL if there is none of that name. */
const pst_source_tensor *pst_source_find(const pst_source *source, const char *name);

/* Reads a tensor into new memory; free with pst_free. Whole numbers (I8) are refused, as they mean nothing without
 * their scales: scaled.h. */
pst_status pst_source_read(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float **values);

/* The same with whole numbers as they are. */
pst_status pst_source_read_whole(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float **values);

/* For a format's `read`, of numbers that lie in tensor->file as they are from byte tensor->at on. */
pst_status pst_source_read_plain(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values);

#endif
