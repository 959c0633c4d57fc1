/* Networks of every format, by content as the program takes them. */
#include <string.h>

#include "base/memory.h"
#include "base/subprocess.h"
#include "fuzz.h"
#include "model/weights_read.h"

pst_status __real_pst_subprocess_run(pst_error *error, const char *path, uint64_t memory_bytes,
                                     pst_subprocess_work work, void *user, uint8_t **result, size_t *bytes);
pst_status __wrap_pst_subprocess_run(pst_error *error, const char *path, uint64_t memory_bytes,
                                     pst_subprocess_work work, void *user, uint8_t **result, size_t *bytes);

/* libFuzzer is to see what happens. In the test, as in the program, a crash of a library has a process of its own. */
pst_status __wrap_pst_subprocess_run(pst_error *error, const char *path, uint64_t memory_bytes,
                                     pst_subprocess_work work, void *user, uint8_t **result, size_t *bytes) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)memory_bytes;
    (void)path;
    *result = NULL;
    *bytes = 0;
    pst_status status = work(error, user, result, bytes);
    if (status != PST_OK) {
        pst_free(*result);
        *result = NULL;
    }
    return status;
#else
    return __real_pst_subprocess_run(error, path, memory_bytes, work, user, result, bytes);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    pst_weights *model;
    const char *path = fuzz_file("network", data, bytes);
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    fuzz_check(status, &error, model, path);
    if (model) {
        FUZZ_PROMISE(model->convolution_count > 0);
        fuzz_check_text(model->notice);
    }
    pst_weights_destroy(model);
    return 0;
}
