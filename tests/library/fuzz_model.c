/* libFuzzer on the readers of network files: whatever bytes they are, they end in a network or in one line of text.
 * Built with clang and -DPASTICHE_FUZZ=ON:
 *
 *     cmake -B build-fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPASTICHE_FUZZ=ON
 *     cmake --build build-fuzz --target fuzz_model
 *     python3 tests/fixtures/make_networks.py SEEDS && build-fuzz/tests/fuzz_model -max_len=100000 SEEDS/vgg16 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "model/weights_read.h"

const embedded_file pst_built_in_files[] = {{0}}; /* the library's are not needed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static char path[64];
    pst_error error = {0};
    pst_weights *model;
    snprintf(path, sizeof path, "/dev/shm/fuzz_model.%d", (int)getpid()); /* the libraries want a file */
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, data, bytes) != (ssize_t)bytes)
        abort();
    close(file);
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    if (status == PST_OK ? !model || model->convolution_count == 0
                         : model || !error.text[0] || strncmp(error.text, path, strlen(path)) != 0)
        if (status != PST_ERROR_MEMORY)
            abort();
    pst_weights_destroy(model);
    unlink(path);
    return 0;
}
