/* What is drawn as lines: evaluations over sizes, and the loss over time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/svg.h"

char result_letter(size_t result) { return (char)('A' + result); }

const char *result_symbol(size_t result) {
    static const char *const symbols[RESULTS_MOST] = {"dot", "square", "up", "diamond", "cross", "down"};
    return symbols[result % RESULTS_MOST];
}

const char *result_class(size_t result) {
    static const char *const classes[RESULTS_MOST] = {"r0", "r1", "r2", "r3", "r4", "r5"};
    return classes[result % RESULTS_MOST];
}

void result_name(markup *m, const bench_figures *results, size_t count, size_t result) {
    if (count > 1) {
        svg_key(m, result_symbol(result), result_class(result));
        markup_add(m, " <b>%c</b> ", result_letter(result));
    }
    markup_put(m, "", results[result].device, "");
}

void result_caption(markup *m, const bench_figures *results, size_t count, size_t result) {
    if (count < 2)
        return;
    markup_add(m, "<figcaption>");
    result_name(m, results, count, result);
    markup_add(m, "</figcaption>");
}

void result_legend(markup *m, const bench_figures *results, size_t count) {
    if (count < 2)
        return;
    markup_add(m, "<ul class=\"legend\">");
    for (size_t r = 0; r < count; r++) {
        markup_add(m, "<li>");
        result_name(m, results, count, r);
        markup_add(m, "</li>");
    }
    markup_add(m, "</ul>\n");
}

static void line_class(char text[16], size_t result) { snprintf(text, 16, "line %s", result_class(result)); }

/* ---- evaluations ---- */

#define MEBIBYTE 1048576.0

static double value_of(const figure_row *row, bool memory) {
    return memory ? row->device_bytes / MEBIBYTE : row->times.median;
}

static bool has(const figure_row *row, bool memory) {
    return row->kind == FIGURE_EVALUATION && row->width > 0 && row->height > 0 && (value_of(row, memory)) > 0;
}

static double side(const figure_row *row) { return sqrt((double)row->width * row->height); }

static int compare(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static int by_side(const void *a, const void *b) {
    const double left = side(*(const figure_row *const *)a), right = side(*(const figure_row *const *)b);
    return (left > right) - (left < right);
}

/* The different sizes of all results, as many as fit as ticks, and the extremes of what is shown. */
static size_t all_sizes(const bench_figures *results, size_t count, bool memory, double sizes[AXIS_TICKS],
                        double *least, double *most) {
    size_t found = 0;
    *least = INFINITY;
    *most = 0;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++) {
            const figure_row *row = &results[r].rows[i];
            if (!has(row, memory))
                continue;
            const double value = value_of(row, memory);
            *least = fmin(*least, !memory && row->times.least > 0 ? row->times.least : value);
            *most = fmax(*most, !memory && row->times.most > 0 ? row->times.most : value);
            size_t known = 0;
            while (known < found && sizes[known] != side(row))
                known++;
            if (known == found && found < AXIS_TICKS)
                sizes[found++] = side(row);
        }
    qsort(sizes, found, sizeof *sizes, compare);
    return found;
}

static void one_line(plot *p, const bench_figures *f, size_t result, bool alone, bool memory) {
    const figure_row *rows[AXIS_TICKS] = {NULL};
    char class[16], text[256], value[UNITS_MOST];
    size_t found = 0;
    for (size_t i = 0; i < f->row_count && found < AXIS_TICKS; i++)
        if (has(&f->rows[i], memory))
            rows[found++] = &f->rows[i];
    qsort(rows, found, sizeof *rows, by_side);
    line_class(class, result);
    plot_path_begin(p, class);
    for (size_t i = 0; i < found; i++)
        (i ? plot_path_line : plot_path_move)(p, side(rows[i]), value_of(rows[i], memory));
    plot_path_end(p);
    for (size_t i = 0; i < found; i++) {
        const figure_row *row = rows[i];
        if (!memory)
            plot_whisker(p, class, side(row), row->times.least, row->times.most);
        snprintf(text, sizeof text, "%s, %dx%d: %s", f->device, row->width, row->height,
                 memory ? units_bytes(row->device_bytes, value) : units_seconds(row->times.median, value));
        plot_mark(p, result_symbol(result), result_class(result), side(row), value_of(row, memory), text);
        if (alone)
            plot_text(p, "value", i + 1 < found || found == 1 ? "start" : "end", side(row), value_of(row, memory),
                      i + 1 < found || found == 1 ? 10 : -10, i + 1 < found || found == 1 ? 12 : -6,
                      memory ? units_bytes(row->device_bytes, value) : units_seconds(row->times.median, value));
    }
}

static void over_sizes(markup *m, const bench_figures *results, size_t count, bool memory) {
    double sizes[AXIS_TICKS], least, most;
    const size_t found = all_sizes(results, count, memory, sizes, &least, &most);
    if (!found)
        return;
    plot p = {
        .m = m, .x = axis_of_ticks(sizes, found), .y = axis_logarithmic(least / 1.1, most * 1.1, 6), .height = 240};
    markup_add(m, "<figure><figcaption>%s</figcaption>", memory ? "Memory of the device" : "Time of an evaluation");
    plot_begin(&p,
               &(plot_words){.title = memory ? "Memory over image sizes" : "Time of an evaluation over image sizes",
                             .description = memory ? "Memory that an evaluation takes on the device, over the side of "
                                                     "the image. The figures are in the table below."
                                                   : "Median time of loss and gradient over the side of the image, "
                                                     "with the least and the most. The figures are in the table below.",
                             .x = "side of the image in pixels",
                             .y = memory ? "MiB" : "time",
                             .x_text = units_tick,
                             .y_text = memory ? units_tick : units_tick_seconds});
    for (size_t r = 0; r < count; r++)
        one_line(&p, &results[r], r, count == 1, memory);
    plot_end(&p);
    markup_add(m, "</figure>\n");
}

void chart_evaluations(markup *m, const bench_figures *results, size_t count) {
    markup_add(m, "<div class=\"several\">\n");
    over_sizes(m, results, count, false);
    over_sizes(m, results, count, true);
    markup_add(m, "</div>\n");
    result_legend(m, results, count);
}

/* ---- the loss over time ---- */

void chart_descent(markup *m, const bench_figures *results, size_t count) {
    double least[2] = {INFINITY, INFINITY}, most[2] = {0, 0};
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].point_count; i++) {
            const figure_point *point = &results[r].points[i];
            least[0] = fmin(least[0], point->seconds > 0 ? point->seconds : INFINITY);
            least[1] = fmin(least[1], point->loss);
            most[0] = fmax(most[0], point->seconds);
            most[1] = fmax(most[1], point->loss);
        }
    if (!(most[0] > 0) || !(least[0] < most[0]))
        return;
    /* One device: seconds as they pass. Devices of different speed: on a logarithmic axis, without the moment 0. */
    plot p = {.m = m,
              .x = count > 1 ? axis_logarithmic(least[0], most[0], 6) : axis_linear(0, most[0], 6),
              .y = axis_logarithmic(least[1] / 1.05, most[1], 7),
              .height = 280};
    markup_add(m, "<figure><figcaption>Loss over time</figcaption>");
    plot_begin(&p,
               &(plot_words){
                   .title = "Loss over time",
                   .description =
                       "The loss as a part of the first loss, on a logarithmic axis, over the seconds since the start. "
                       "The times to given losses are in the table below.",
                   .x = "seconds since the start",
                   .y = "loss, as a part of the first",
                   .x_text = units_tick,
                   .y_text = units_tick_percent});
    for (size_t t = 0; t < results[0].target_count; t++)
        if (results[0].targets[t].loss >= p.y.least)
            plot_line(&p, "target", p.x.least, results[0].targets[t].loss, p.x.most, results[0].targets[t].loss);
    for (size_t r = 0; r < count; r++) {
        const bench_figures *f = &results[r];
        char class[16], text[256], seconds[UNITS_MOST], part[UNITS_MOST];
        line_class(class, r);
        plot_path_begin(&p, class);
        bool begun = false;
        for (size_t i = 0; i < f->point_count; i++) {
            if (p.x.logarithmic && !(f->points[i].seconds > 0))
                continue;
            (begun ? plot_path_line : plot_path_move)(&p, f->points[i].seconds, f->points[i].loss);
            begun = true;
        }
        plot_path_end(&p);
        for (size_t t = 0; t < f->target_count; t++) {
            if (!(f->targets[t].seconds > 0))
                continue;
            snprintf(text, sizeof text, "%s: %s of the first loss after %s", f->device,
                     units_percent(f->targets[t].loss, part), units_seconds(f->targets[t].seconds, seconds));
            plot_mark(&p, result_symbol(r), result_class(r), f->targets[t].seconds, f->targets[t].loss, text);
        }
    }
    plot_end(&p);
    markup_add(m, "</figure>\n");
    result_legend(m, results, count);
}
