#include "cli/bench/result_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/values.h"

#define SPEEDS_APART 0.02 /* of one processor in two results */

void bench_print_head(const json_t *root) {
    const json_t *device = json_object_get(root, "device");
    print_line("%s", bench_result_string(device, "name"));
    print_line("%s, %s, driver %s, pastiche %s", bench_result_string(device, "platform"),
               bench_result_string(device, "device_version"), bench_result_string(device, "driver"), pst_version());
}

void bench_print_score(const pst_score *score) {
    putchar('\n');
    if (score->value > 0)
        print_line("Score %d: %.3f megapixels of evaluations a second%s", PST_SCORE_VERSION, score->value,
                   score->reliable ? "" : " (unreliable)");
    else
        print_line("Score %d: not measured: %s", PST_SCORE_VERSION, score->reason);
    for (size_t i = 0; i < PST_SCORE_SIZES && score->value > 0; i++) {
        const pst_score_size *s = &score->sizes[i];
        print_line("  %4dx%-4d least %10.2f ms, median %10.2f ms of %d rounds", s->size, s->size,
                   1e3 * s->least_seconds, 1e3 * s->median_seconds, s->rounds);
    }
    if (score->value > 0)
        print_line("  warm-up %.1f s; other programs %s%.0f %%", score->warm_up_seconds,
                   score->other_load < 0 ? "not known, at least " : "",
                   100 * (score->other_load < 0 ? 0 : score->other_load));
    if (score->value > 0 && score->speed_pulses > 0)
        print_line("  the processor's own speed: best %.0f GFLOP/s, median %.0f, varied by %.1f %%",
                   1e-9 * score->speed_best, 1e-9 * score->speed_median, 100 * score->speed_varied);
    if (score->value > 0 && !score->reliable)
        print_line("Not to be published: %s.", score->reason);
    fflush(stdout);
}

void bench_print_descent(const bench_descent *descent) {
    putchar('\n');
    print_line("Descent at %dx%d with the built-in network: to a part of the first loss", BENCH_DESCENT_SIZE,
               BENCH_DESCENT_SIZE);
    for (int i = 0; i < BENCH_TARGETS; i++) {
        int reached = bench_descent_reaches(descent, bench_targets[i]);
        if (reached)
            print_line("  %5.1f %%  %8.2f s  %3d evaluations", 100 * bench_targets[i],
                       descent->points[reached - 1].seconds, reached);
    }
    fflush(stdout);
}

/* Half of the distance between the slowest and the fastest, as a part of the median. */
static double spread(const pst_bench_row *row) {
    return row->median_seconds > 0 ? 50 * (row->most_seconds - row->least_seconds) / row->median_seconds : 0;
}

static void head(bench_table *table, const pst_bench_row *row) {
    static const char *const titles[] = {
        "Ceilings                                      rate       median       spread",
        "Ceilings                                      rate       median       spread",
        "Convolutions                         algorithm            GFLOP/s  ceiling  spread",
        "Evaluations, loss and gradient       median    GFLOP/s  ceiling  spread    memory",
        "Kernels                              median    GFLOP/s     GB/s  spread",
    };
    if (table->title && strcmp(table->title, titles[row->kind]) == 0)
        return;
    table->title = titles[row->kind];
    printf("\n%s\n", table->title);
}

void bench_print_row(bench_table *table, const pst_bench_row *row) {
    char name[80], bytes[32];
    head(table, row);
    switch (row->kind) {
    case PST_BENCH_ARITHMETIC:
    case PST_BENCH_BANDWIDTH:
        printf("  %-30s %11.1f %-8s %6.2f ms  +-%5.1f %%\n", row->name, row->rate / 1e9,
               row->kind == PST_BENCH_ARITHMETIC ? "GFLOP/s" : "GB/s", 1e3 * row->median_seconds, spread(row));
        break;
    case PST_BENCH_CONVOLUTION:
        snprintf(name, sizeof name, "%s %s %d>%d%s", row->name, row->backward ? "back" : "fwd", row->c_in, row->c_out,
                 strcmp(row->pool, "none") ? " pool" : "");
        printf("%c %-34s %-18s", row->chosen ? '*' : ' ', name, row->algorithm);
        if (row->problem)
            printf(" %s\n", row->problem);
        else
            printf(" %9.1f  %5.1f %%  +-%4.1f %%\n", row->rate / 1e9, 100 * row->fraction, spread(row));
        break;
    case PST_BENCH_EVALUATION:
        snprintf(name, sizeof name, "%dx%d", row->width, row->height);
        if (row->problem)
            printf("  %-28s %s\n", name, row->problem);
        else
            printf("  %-28s %10.2f ms  %9.1f  %5.1f %%  +-%4.1f %%  %s\n", name, 1e3 * row->median_seconds,
                   row->rate / 1e9, 100 * row->fraction, spread(row), bytes_text(row->device_bytes, bytes));
        break;
    case PST_BENCH_KERNEL:
        printf("  %-28s %10.3f ms  %9.1f  %7.1f  +-%4.1f %%\n", row->name, 1e3 * row->median_seconds, row->rate / 1e9,
               1e-9 * row->bytes / row->median_seconds, spread(row));
        break;
    }
    fflush(stdout);
}

/* ---- several of them ---- */

static const json_t *find(const json_t *root, const json_t *like) {
    const json_t *rows = json_object_get(root, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (bench_result_same(like, row) && bench_result_rate(row) > 0)
            return row;
    }
    return NULL;
}

/* One line of the table: a rate for each result; false: one of them has none. */
static bool print_together(size_t count, json_t *const results[], const json_t *like) {
    char line[512];
    int used = snprintf(line, 128, "  %.20s %.8s %.20s", bench_result_string(like, "name"),
                        bench_result_string(like, "direction"), bench_result_string(like, "algorithm"));
    if (json_object_get(like, "width"))
        used += snprintf(line + used, 40, " %.0fx%.0f", bench_result_number(like, "width"),
                         bench_result_number(like, "height"));
    used += snprintf(line + used, 64, "%*s", used < 50 ? 50 - used : 0, "");
    double first = bench_result_rate(like), last = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *row = i ? find(results[i], like) : like;
        last = row ? bench_result_rate(row) : 0;
        if (!(last > 0))
            return false;
        used += snprintf(line + used, sizeof line - (size_t)used, " %10.1f", last / 1e9);
    }
    if (count == 2)
        snprintf(line + used, sizeof line - (size_t)used, "  %7.2f", last / first);
    print_line("%s", line);
    return true;
}

static double own_speed(const json_t *root) {
    return bench_result_number(json_object_get(root, "speed"), "median_flops");
}

/* By its multiply-adds: one processor that two results are of may have had another clock, or other guests. */
static bool is_same_processor(const json_t *a, const json_t *b) {
    static const char *const members[][2] = {{"machine", "processor"}, {"machine", "threads"}, {"device", "name"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *left = json_object_get(json_object_get(a, members[i][0]), members[i][1]),
                     *right = json_object_get(json_object_get(b, members[i][0]), members[i][1]);
        if (left != right && !json_equal(left, right))
            return false;
    }
    return true;
}

static void print_scores(size_t count, json_t *const results[]) {
    for (size_t i = 0; i < count; i++) {
        const json_t *score = json_object_get(results[i], "score");
        char speed[64] = "";
        if (own_speed(results[i]) > 0)
            snprintf(speed, sizeof speed, ", processor at %.0f GFLOP/s", fmin(1e-9 * own_speed(results[i]), 1e9));
        if (bench_result_number(score, "value") > 0)
            print_line("%c  score %.0f: %.3f megapixels of evaluations a second%s%s", 'A' + (int)i,
                       bench_result_number(score, "version"), bench_result_number(score, "value"),
                       json_is_true(json_object_get(score, "reliable")) ? "" : " (unreliable)", speed);
    }
    for (size_t i = 1; i < count; i++) {
        const double first = own_speed(results[0]), own = own_speed(results[i]);
        if (first > 0 && own > 0 && fabs(own / first - 1) > SPEEDS_APART && is_same_processor(results[0], results[i]))
            print_line("The processor itself was %.1f %% %s in %c than in A (another guest or its clock): do not "
                       "compare their scores.",
                       100 * fmin(fabs(own / first - 1), 1e4), own < first ? "slower" : "faster", 'A' + (int)i);
    }
}

bool bench_print_together(size_t count, json_t *const results[], const char *const paths[]) {
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *device = json_object_get(results[i], "device");
        print_line("%c  %s: %s, driver %s, pastiche %s", 'A' + (int)i, paths[i], bench_result_string(device, "name"),
                   bench_result_string(device, "driver"), bench_result_string(results[i], "version"));
    }
    print_scores(count, results);
    printf("\n  %-48s", "GFLOP/s, of copy and triad GB/s");
    for (size_t i = 0; i < count; i++)
        printf(" %10c", 'A' + (int)i);
    printf(count == 2 ? "  %7s\n" : "\n", "B/A");
    const json_t *rows = json_object_get(results[0], "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (bench_result_rate(row) > 0)
            lines += print_together(count, results, row);
    }
    return lines > 0;
}
