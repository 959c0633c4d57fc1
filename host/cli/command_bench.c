#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/reports.h"
#include "cli/bench/result_text.h"
#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/run/progress.h"
#include "cli/run/signals.h"

#define QUICK_ROUNDS 10
#define QUICK_SECONDS 38 /* of the rounds, for a minute in all; these and the next are of --seconds 1 */
#define DESCENT_SECONDS 60

typedef struct measurement {
    const settings *settings;
    pst_context *context;
    pst_network *network;
    json_t *root;
    bench_table table;
    progress report;
} measurement;

static int failed(const pst_context *context, pst_status status) {
    if (status == PST_STOPPED)
        return EXIT_SIGNAL + signals_caught();
    complain("%s", context && status != PST_ERROR_MEMORY ? pst_context_message(context) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static bool take_row(void *user, const pst_bench_row *row) {
    measurement *m = user;
    bench_print_row(&m->table, row);
    bench_result_row(m->root, row);
    return signals_caught() != 0;
}

static bool take_round(void *user, int done, int rounds) {
    measurement *m = user;
    progress_step(&m->report, done, rounds, "rounds of the score");
    return signals_caught() != 0;
}

static pst_status measure_all(measurement *m) {
    const settings *s = m->settings;
    pst_bench_options options = s->bench;
    pst_score score;
    bench_descent descent;
    if (s->bench_sizes[0]) /* else the library's own */
        options.sizes = s->bench_sizes;
    options.only_ceilings = s->quick;
    pst_score_options scored;
    pst_score_options_init(&scored, sizeof scored);
    if (s->quick) {
        scored.rounds = QUICK_ROUNDS;
        scored.seconds = QUICK_SECONDS;
    }
    scored.seconds *= s->bench.seconds;
    pst_status status = pst_measure_score(m->context, m->network, &scored, take_round, m, &score);
    progress_clear(&m->report);
    if (status != PST_OK)
        return status;
    bench_print_score(&score);
    bench_result_score(m->root, &score);
    status = bench_descent_run(m->context, DESCENT_SECONDS * s->bench.seconds, &descent);
    if (status != PST_OK)
        return status;
    bench_print_descent(&descent);
    bench_result_descent(m->root, &descent);
    status = pst_bench(m->context, m->network, &options, take_row, m);
    if (status == PST_OK && s->quick)
        bench_result_score_rows(m->root, &score);
    return status;
}

/* Where nothing is said of a file, the measurement has no name. */
static int write_reports(const settings *s, json_t *const results[], const char *const labels[], size_t count) {
    return bench_reports_write(&(bench_reports){s->bench_page, s->bench_markdown}, results, labels, count);
}

static int write_result(measurement *m) {
    const char *path = m->settings->bench_json;
    char *text = path ? bench_result_text(m->root) : NULL;
    if (path && !text)
        return failed(NULL, PST_ERROR_MEMORY);
    pst_status status = path ? pst_file_write(m->context, path, text, strlen(text)) : PST_OK;
    free(text);
    return status != PST_OK ? failed(m->context, status)
                            : write_reports(m->settings, &m->root, (const char *const[]){path ? path : ""}, 1);
}

/* Folders may have names of users, and a result is to be shown. */
static const char *name_of(const char *path) {
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (*c == '/' || *c == '\\')
            name = c + 1;
    return *name ? name : path;
}

static int measure(measurement *m) {
    const settings *s = m->settings;
    bench_about about = {.quick = s->quick, .network = "VGG-19 shapes, random weights"};
    size_t count;
    pst_context_devices(m->context, NULL, 0, &count);
    if (count > 1) {
        complain("pastiche bench measures one device, and %zu are named; measure one after the other", count);
        return EXIT_USAGE;
    }
    const char *const files[] = {s->bench_json, s->bench_page, s->bench_markdown};
    pst_status status = PST_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == PST_OK; i++) /* not after minutes */
        status = files[i] ? pst_file_write_check(m->context, files[i]) : PST_OK;
    if (status == PST_OK && s->model)
        status = pst_network_load(m->context, s->model, PST_CONVENTION_AUTO, &m->network);
    if (status == PST_OK && m->network)
        status = pst_network_sha256(m->network, &about.sha256);
    if (status != PST_OK)
        return failed(m->context, status);
    if (m->network)
        about.network = name_of(pst_network_path(m->network));
    about.choices = pst_context_choices(m->context, NULL);
    m->root = bench_result_begin(m->context, &about);
    if (!m->root)
        return failed(NULL, PST_ERROR_MEMORY);
    progress_begin(&m->report, false, 0);
    signals_catch(m->report.terminal);
    bench_print_head(m->root);
    status = measure_all(m);
    if (status != PST_OK)
        return failed(m->context, status);
    if (!s->quick)
        puts("\n* marks what a run would use. Rates count direct convolution: algorithms with less arithmetic can "
             "exceed 100 %.");
    return write_result(m);
}

static bool is_file(const char *name, const char *other) { return name && strcmp(name, other) == 0; }

static int compare(const settings *s) {
    json_t **results = calloc(s->word_count, sizeof *results);
    int code = EXIT_OK;
    bool good = results != NULL;
    if (!good)
        complain("no memory left");
    for (size_t i = 0; i < s->word_count && good; i++) {
        results[i] = bench_result_read(s->words[i]);
        good = results[i] != NULL;
        if (good && (is_file(s->bench_page, s->words[i]) || is_file(s->bench_markdown, s->words[i]))) {
            complain("%s: is one of the results; name another file for the report", s->words[i]);
            good = false;
        }
    }
    if (good && (s->bench_page || s->bench_markdown)) {
        code = write_reports(s, results, (const char *const *)s->words, s->word_count);
    } else if (good && !bench_print_together(s->word_count, results, s->words)) {
        complain("%s and the others have nothing in common", s->words[0]);
        good = false;
    }
    for (size_t i = 0; results && i < s->word_count; i++)
        json_decref(results[i]);
    free(results);
    return good ? code : EXIT_FAILED;
}

int bench_command(const settings *s) {
    const size_t least = s->bench_page || s->bench_markdown ? 1 : 2; /* a report may be of one */
    if (s->compare && s->word_count >= least)
        return compare(s);
    if (s->compare || s->word_count > 0) {
        complain(s->compare ? "--compare needs two files, or with --report one; see pastiche bench --help"
                            : "%s: files are for --compare; see pastiche bench --help",
                 s->words[0]);
        return EXIT_USAGE;
    }
    measurement m = {.settings = s};
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = s->device;
    where.kernel_folder = s->kernels;
    where.no_matrix_units = s->no_matrix_units;
    where.choices_file = s->choices;
    pst_status status = pst_context_create(&where, &m.context);
    int code = status == PST_OK ? measure(&m) : failed(m.context, status);
    json_decref(m.root);
    pst_network_destroy(m.network);
    pst_context_destroy(m.context);
    return code;
}
