/* Results of `pastiche bench --json`, which --compare reads: the same file as both. */
#include "cli/bench/result_text.h"
#include "fuzz.h"
#include "program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    fuzz_program_begin();
    const char *path = fuzz_file("bench.json", data, bytes);
    json_t *root = bench_result_read(path);
    if (root)
        bench_print_together(2, (json_t *const[]){root, root}, (const char *const[]){path, path});
    json_decref(root);
    return 0;
}
