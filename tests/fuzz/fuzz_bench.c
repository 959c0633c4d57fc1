/* Two results of `pastiche bench --json`, which --compare reads: the same file as both. */
#include "cli/bench_report.h"
#include "fuzz.h"
#include "program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    fuzz_program_begin();
    const char *path = fuzz_file("bench.json", data, bytes);
    bench_compare(path, path);
    return 0;
}
