/* What PyTorch's two containers share: the tensors of a pickled state_dict. */
#ifndef PST_MODEL_TORCH_H
#define PST_MODEL_TORCH_H

#include "model/pickle.h"
#include "model/source.h"

/* Adds all tensors of the pickle, in dictionaries, lists and modules of any depth, under the names that lead to them:
 * state_dict.features.0.weight. tensor->at is the tensor's value in the pickle. What else there is is noted. */
pst_status pst_torch_add_tensors(pst_error *error, pst_source *source, const pst_pickle *pickle, pst_pickle_id top);

/* Where the numbers of a tensor are in its storage: from `first` on, `count` numbers, of which some may be passed over
 * where the tensor is not in the internal order. Refuses what lies outside of the storage. */
typedef struct pst_torch_span {
    uint64_t first;
    size_t count;
    bool plain; /* they are in the internal order, each once */
    const pst_pickle_value *storage;
} pst_torch_span;
pst_status pst_torch_find(pst_error *error, const pst_source *source, const pst_pickle *pickle,
                          const pst_source_tensor *tensor, pst_torch_span *span);

/* Picks the tensor's numbers out of those of the span, by its strides. */
void pst_torch_pick(const pst_pickle *pickle, const pst_source_tensor *tensor, const float *span, float *values);

#endif
