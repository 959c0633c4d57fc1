#include "blas/gemm_create.h"

#include "blas/known_answers.h"
#include "blas/parameters.h"

static pst_status find(pst_session *session, pst_gemm *gemm) {
    bool right = false;
    pst_status status = PST_OK;
    for (size_t choice = 0; !right && pst_gemm_parameters_for(&session->device, choice); choice++) {
        status = pst_gemm_use(gemm, &choice);
        if (status == PST_OK)
            status = pst_known_answers(session, gemm, &right);
        /* Parameters that do not build on the device are as bad as wrong ones; memory and a lost driver end it. */
        if (status != PST_OK && (status != PST_ERROR_DEVICE || session->lost))
            return status;
    }
    if (!right && status == PST_OK)
        status = pst_fail(session->error, PST_ERROR_DEVICE,
                          "%s: matrix products by CLBlast are wrong with every set of parameters; update the driver or "
                          "choose another device",
                          session->device.label);
    return right ? PST_OK : status;
}

pst_status pst_gemm_create(pst_session *session, pst_gemm **gemm) { return pst_gemm_open(session, find, gemm); }
