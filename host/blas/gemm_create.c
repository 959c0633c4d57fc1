#include "blas/gemm_create.h"

#include "blas/known_answers.h"
#include "blas/parameters.h"

pst_status pst_gemm_create(pst_session *session, pst_gemm **result) {
    pst_gemm *gemm;
    bool right = false;
    pst_status status = pst_gemm_open(session, &gemm);
    *result = NULL;
    if (status != PST_OK)
        return status;
    for (size_t choice = 0; !right && pst_gemm_parameters_for(&session->device, choice); choice++) {
        status = pst_gemm_use(gemm, &choice);
        if (status == PST_OK)
            status = pst_known_answers(session, gemm, &right);
        /* Parameters that do not build on the device are as bad as wrong ones; memory and a lost driver end it. */
        if (status != PST_OK && (status != PST_ERROR_DEVICE || session->lost))
            goto cleanup;
    }
    if (!right && status == PST_OK)
        status = pst_fail(session->error, PST_ERROR_DEVICE,
                          "%s: matrix products by CLBlast are wrong with every set of parameters; update the driver or "
                          "choose another device",
                          session->device.info.name);
    if (!right)
        goto cleanup;
    *result = gemm;
    return PST_OK;
cleanup:
    pst_gemm_destroy(gemm);
    return status;
}
