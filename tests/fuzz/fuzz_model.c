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

/* A file that networks may name as their part: a convolution of zeros, 3 -> 1. */
static void write_part(void) {
    static const char header[] = "{\"conv1_1.weight\":{\"dtype\":\"F32\",\"shape\":[1,3,3,3],\"data_offsets\":[0,108]},"
                                 "\"conv1_1.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[108,112]}}";
    static bool written;
    uint8_t file[8 + sizeof header - 1 + 112] = {sizeof header - 1};
    memcpy(file + 8, header, sizeof header - 1);
    if (!written)
        fuzz_file("part", file, sizeof file);
    written = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    pst_weights *model;
    write_part();
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
