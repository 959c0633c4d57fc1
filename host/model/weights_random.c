#include "model/weights_random.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"

pst_status pst_weights_vgg19(pst_error *error, pst_weights **result) {
    static const int units[] = {2, 2, 4, 4, 1}, channels[] = {64, 128, 256, 512, 512};
    pst_weights *model;
    int c_in = 3;
    *result = NULL;
    pst_status status;
    PST_TRY(pst_allocate(error, 1, sizeof *model, &model));
    for (int block = 1; block <= PST_WEIGHTS_MAX_BLOCKS; block++)
        for (int unit = 1; unit <= units[block - 1]; unit++) {
            pst_weights_convolution *c = &model->convolutions[model->convolution_count++];
            *c = (pst_weights_convolution){.block = block, .unit = unit, .c_in = c_in, .c_out = channels[block - 1]};
            snprintf(c->name, sizeof c->name, "conv%d_%d", (uint8_t)block, (uint8_t)unit);
            c_in = c->c_out;
        }
    *result = model;
cleanup:
    return status;
}

pst_status pst_weights_randomize(pst_error *error, pst_weights *model) {
    pst_status status = PST_OK;
    for (size_t l = 0; l < model->convolution_count; l++) {
        pst_weights_convolution *c = &model->convolutions[l];
        size_t count = (size_t)c->c_out * (size_t)c->c_in * 9;
        PST_TRY(pst_allocate(error, count, sizeof(float), &c->weight));
        PST_TRY(pst_allocate(error, (size_t)c->c_out, sizeof(float), &c->bias));
        pst_random_normal(l, c->weight, count);
        float scale = sqrtf(2.0f / (9.0f * (float)c->c_in));
        for (size_t i = 0; i < count; i++)
            c->weight[i] *= scale;
    }
cleanup:
    return status;
}
