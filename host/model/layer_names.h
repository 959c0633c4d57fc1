/* Which tensor of a network file is which convolution's: the names that programs give them, the same for every format.
 */
#ifndef PST_MODEL_LAYER_NAMES_H
#define PST_MODEL_LAYER_NAMES_H

#include "model/source.h"
#include "model/weights.h"

typedef enum pst_naming {
    PST_NAMING_PLACE,    /* by block and unit: conv1_2.weight, block1_conv2/kernel:0 */
    PST_NAMING_SEQUENCE, /* by place in a list of modules, poolings counted: features.2.weight (PyTorch) */
    PST_NAMING_ORDINAL   /* by number alone: layers/conv2d_1/vars/0 (Keras 3) */
} pst_naming;

typedef struct pst_parts { /* of one convolution; both are there */
    int block, unit;
    const pst_source_tensor *weight, *bias;
} pst_parts;

typedef struct pst_names {
    pst_naming naming;
    pst_parts parts[PST_WEIGHTS_MAX_CONVOLUTIONS]; /* in the network's order, without gaps from conv1_1 on */
    size_t count;
    /* A 1x1 convolution before all others that changes colors (vgg_normalized.pth), or NULL twice. */
    const pst_source_tensor *color_weight, *color_bias;
    bool shifted_classifier; /* classifier.1 but no classifier.0: the Caffe weights for PyTorch */
} pst_names;

/* Fails where there are no convolutions, at the first gap, and for networks with batch normalization. */
pst_status pst_names_find(pst_error *error, const pst_source *source, pst_names *names);

#endif
