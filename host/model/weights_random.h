/* Networks that are made up: shapes to plan and measure with where there is no file. */
#ifndef PST_MODEL_WEIGHTS_RANDOM_H
#define PST_MODEL_WEIGHTS_RANDOM_H

#include "model/weights.h"

/* VGG-19 up to conv5_1, the last layer that is looked at by default, without weights. */
pst_status pst_weights_vgg19(pst_error *error, pst_weights **model);

/* Gives a model without weights such that keep the size of activations, the same in every run. */
pst_status pst_weights_randomize(pst_error *error, pst_weights *model);

#endif
