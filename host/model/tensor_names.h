/* What the name of a tensor says: the names that programs give the parts of a VGG network, the same for every format.
 */
#ifndef PST_MODEL_TENSOR_NAMES_H
#define PST_MODEL_TENSOR_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef enum pst_naming {
    PST_NAMING_PLACE,    /* by block and unit: conv1_2.weight, block1_conv2/kernel:0 */
    PST_NAMING_SEQUENCE, /* by place in a list of modules, poolings counted: features.2.weight (PyTorch) */
    PST_NAMING_ORDINAL   /* by number alone: layers/conv2d_1/vars/0 (Keras 3) */
} pst_naming;

enum { PST_NAME_WEIGHT, PST_NAME_BIAS, PST_NAME_PARTS };

typedef struct pst_tensor_name {
    pst_naming naming;
    int block, unit; /* or the number in the list, in `unit` */
    int part;
    size_t prefix; /* bytes of the name before what says so: the same for all tensors of one network */
} pst_tensor_name;

/* False for a name that no convolution has. Any prefix may stand before the names that are known. */
bool pst_tensor_name_read(const char *name, pst_tensor_name *meaning);

#endif
