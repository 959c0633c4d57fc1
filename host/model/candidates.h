/* The networks that a file's tensors may belong to: tensors whose names agree in what stands before them. */
#ifndef PST_MODEL_CANDIDATES_H
#define PST_MODEL_CANDIDATES_H

#include "model/source.h"
#include "model/tensor_names.h"

typedef struct pst_candidate {
    const char *name; /* of one of its tensors; the first `prefix` bytes are those of all */
    size_t prefix;
    pst_naming naming;
    size_t weights; /* of four dimensions */
    bool begins;    /* one of them takes the three channels of an image */
} pst_candidate;

/* Chooses the one to read and notes in the source which other was passed over. False if there is none. */
pst_status pst_candidates_choose(pst_error *error, pst_source *source, pst_candidate *chosen, bool *found);

/* Whether a tensor belongs to it, and what its name says. */
bool pst_candidate_has(const pst_candidate *candidate, const char *name, pst_tensor_name *meaning);

#endif
