/* Which tensor of a network file is which convolution's. */
#ifndef PST_MODEL_LAYER_NAMES_H
#define PST_MODEL_LAYER_NAMES_H

#include "model/source.h"
#include "model/tensor_names.h"
#include "model/weights.h"

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

/* A file may hold other networks and layers beside the network: all of one network have the same prefix before their
 * names. What is not used although it could be is noted in the source. Fails where there are no convolutions, at the
 * first gap, and for networks with batch normalization. */
pst_status pst_names_find(pst_error *error, pst_source *source, pst_names *names);

#endif
