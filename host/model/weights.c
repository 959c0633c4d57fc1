#include "model/weights.h"

#include "base/memory.h"

void pst_weights_forget(pst_weights *model) {
    for (size_t i = 0; i < model->convolution_count; i++) {
        pst_free(model->convolutions[i].weight);
        pst_free(model->convolutions[i].bias);
        model->convolutions[i].weight = model->convolutions[i].bias = NULL;
    }
}

void pst_weights_destroy(pst_weights *model) {
    if (!model)
        return;
    pst_weights_forget(model);
    pst_free(model->path);
    pst_free(model);
}
