/* What the public handles are. */
#ifndef PST_TRANSFER_CONTEXT_H
#define PST_TRANSFER_CONTEXT_H

#include "blas/gemm.h"
#include "cl/session.h"
#include "image/image.h"
#include "model/model.h"

struct pst_context {
    pst_error error;
    pst_session *session;
    pst_gemm *gemm;
};

struct pst_network {
    pst_context *context;
    pst_model *model;
};

#endif
