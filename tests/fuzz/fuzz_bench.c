/* Results of `pastiche bench --json`, which --compare reads: the same file as both, as a table, a page and Markdown. */
#include <stdlib.h>

#include "cli/bench/markdown.h"
#include "cli/bench/page.h"
#include "cli/bench/result_text.h"
#include "fuzz.h"
#include "program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    fuzz_program_begin();
    const char *path = fuzz_file("bench.json", data, bytes);
    json_t *root = bench_result_read(path);
    bench_figures figures[2];
    size_t made = 0;
    if (root)
        bench_print_together(2, (json_t *const[]){root, root}, (const char *const[]){path, path});
    while (root && made < 2 && figures_read(&figures[made], root, path))
        made++;
    for (size_t count = 1; made == 2 && count <= made; count++) {
        size_t length;
        free(bench_page(figures, count, &length));
        free(bench_markdown(figures, count, &length));
    }
    while (made > 0)
        figures_free(&figures[--made]);
    json_decref(root);
    return 0;
}
