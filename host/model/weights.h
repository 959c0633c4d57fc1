/* A VGG network as data: its convolutions in order, on the host, in the one internal form that every importer fills. */
#ifndef PST_MODEL_WEIGHTS_H
#define PST_MODEL_WEIGHTS_H

#include "base/status.h"

#define PST_WEIGHTS_MAX_BLOCKS 5
#define PST_WEIGHTS_MAX_CONVOLUTIONS 20
#define PST_WEIGHTS_MAX_CHANNELS 4096
#define PST_WEIGHTS_MAX_PARAMETERS ((size_t)1 << 27) /* six times VGG-19's */

typedef struct pst_weights_convolution {
    char name[16];   /* "conv3_1" */
    int block, unit; /* 3, 1; a 2x2 pooling stands between blocks */
    int c_in, c_out; /* c_in of the first is 3 (BGR), of the others the c_out before */
    float *weight;   /* [c_out][c_in][3][3]; NULL after pst_weights_forget */
    float *bias;     /* [c_out] */
} pst_weights_convolution;

typedef struct pst_weights {
    char *path;
    const char *format;        /* "Keras HDF5" */
    pst_convention asked;      /* by the caller, for pst_weights_recall */
    pst_convention convention; /* of the file, folded into the first convolution */
    const char *reason;        /* why it was taken to be that */
    bool assumed;              /* nothing in the file proves it */
    bool in_parts;             /* other files hold parts of it */
    bool scaled;               /* weights of the file have 8 bits: scaled.h */
    char notice[400];          /* or "" */
    pst_weights_convolution convolutions[PST_WEIGHTS_MAX_CONVOLUTIONS];
    size_t convolution_count;
    char digests[PST_WEIGHTS_MAX_CONVOLUTIONS][65], file_digest[65]; /* "": not needed so far; weights_digest.h */
} pst_weights;

/* Gives the memory of the weights back, until pst_weights_recall of weights_read.h reads them again. */
void pst_weights_forget(pst_weights *model);
void pst_weights_destroy(pst_weights *model);

#endif
