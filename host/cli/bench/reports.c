#include "cli/bench/reports.h"

#include <stdlib.h>
#include <string.h>

#include "cli/bench/markdown.h"
#include "cli/bench/page.h"
#include "cli/options/complain.h"
#include "pastiche.h"

typedef char *make_text(const bench_figures *results, size_t count, size_t *bytes);

/* Opened for the messages alone: no device is needed. */
static pst_context *for_files(void) {
    pst_context_options where;
    pst_context *context;
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    if (pst_context_create(&where, &context) == PST_OK)
        return context;
    pst_context_destroy(context);
    return NULL;
}

static bool good(pst_context *context, pst_status status) {
    if (status != PST_OK)
        complain("%s", context ? pst_context_message(context) : "no memory left");
    return status == PST_OK;
}

static bool write_one(const char *path, make_text *make, const bench_figures *results, size_t count) {
    if (!path)
        return true;
    size_t bytes = 0;
    char *text = make(results, count, &bytes);
    pst_context *context = text ? for_files() : NULL;
    bool written = good(context, context ? pst_file_write(context, path, text, bytes) : PST_ERROR_MEMORY);
    pst_context_destroy(context);
    free(text);
    return written;
}

/* The last part of a path. */
static const char *file_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

int bench_reports_write(const bench_reports *to, json_t *const *results, const char *const *labels, size_t count) {
    if (count > RESULTS_MOST) {
        complain("a report shows at most %d results, and %zu are named", RESULTS_MOST, count);
        return EXIT_USAGE;
    }
    bench_figures *figures = calloc(count, sizeof *figures);
    bool fine = figures != NULL;
    if (!figures)
        complain("no memory left");
    for (size_t i = 0; fine && i < count; i++)
        fine = figures_read(&figures[i], results[i], file_of(labels[i]));
    fine = fine && write_one(to->page, bench_page, figures, count) &&
           write_one(to->markdown, bench_markdown, figures, count);
    for (size_t i = 0; figures && i < count; i++)
        figures_free(&figures[i]);
    free(figures);
    return fine ? EXIT_OK : EXIT_FAILED;
}
