/* Networks that are made up: shapes to plan and measure with where there is no file. */
#ifndef PST_MODEL_RANDOM_H
#define PST_MODEL_RANDOM_H

#include "model/model.h"

/* VGG-19 up to conv5_1, the last layer that is looked at by default, without weights. */
pst_status pst_model_vgg19(pst_error *error, pst_model **model);

/* Gives a model without weights such that keep the size of activations, the same in every run. */
pst_status pst_model_randomize(pst_error *error, pst_model *model);

#endif
