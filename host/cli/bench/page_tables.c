/* The tables of the page. End tags that HTML does not need are left out: there are thousands of cells. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/page.h"
#include "cli/bench/units.h"

static void cell(markup *m, units_text *text, double value) {
    char number[UNITS_MOST];
    markup_add(m, "<td>%s", isfinite(value) ? text(value, number) : "");
}

static void count_cell(markup *m, int value) {
    if (value)
        markup_add(m, "<td>%d", value);
    else
        markup_add(m, "<td>");
}

/* The first cell of a row: which result, where there are several. */
static void row_begin(markup *m, const bench_figures *results, size_t count, size_t result) {
    markup_add(m, "<tr>");
    if (count < 2)
        return;
    markup_put(m, "<td class=\"which\" title=\"", results[result].device, "\">");
    markup_add(m, "<b>%c</b>", result_letter(result));
}

static void table_begin(markup *m, const char *caption, size_t count, const char *const *columns) {
    markup_add(m,
               "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\"><table "
               "class=\"figures\"><caption>%s</caption><thead><tr>",
               caption, caption);
    if (count > 1)
        markup_add(m, "<th scope=\"col\"><span class=\"unseen\">result</span>");
    for (; *columns; columns++)
        markup_add(m, "<th scope=\"col\">%s", *columns);
    markup_add(m, "</thead><tbody>\n");
}

static void table_end(markup *m) { markup_add(m, "</table></div>\n"); }

static void evaluation(markup *m, const figure_row *row) {
    markup_add(m, "<th scope=\"row\">%dx%d", row->width, row->height);
    if (row->times.median > 0) {
        cell(m, units_seconds, row->times.median);
        cell(m, units_seconds, row->times.least);
        cell(m, units_seconds, row->times.most);
        cell(m, units_flops, row->rate);
        cell(m, units_percent, row->fraction);
        cell(m, units_bytes, row->device_bytes);
    } else {
        markup_put(m, "<td colspan=\"6\" class=\"problem\">", row->problem[0] ? row->problem : "not measured", "");
    }
    markup_add(m, "\n");
}

/* The next larger image than this many pixels; 0: there is none. */
static double next_pixels(const bench_figures *results, size_t count, double pixels) {
    double next = INFINITY;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++) {
            const figure_row *row = &results[r].rows[i];
            const double own = (double)row->width * row->height;
            if (row->kind == FIGURE_EVALUATION && own > pixels)
                next = fmin(next, own);
        }
    return isfinite(next) ? next : 0;
}

/* All results at one size, then at the next. */
void page_evaluations(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"image", "median", "least", "most", "rate", "of ceiling", "memory", NULL};
    table_begin(m, "Whole evaluations: loss and gradient", count, columns);
    for (double pixels = 0; (pixels = next_pixels(results, count, pixels)) > 0;)
        for (size_t r = 0; r < count; r++)
            for (size_t i = 0; i < results[r].row_count; i++) {
                const figure_row *row = &results[r].rows[i];
                if (row->kind != FIGURE_EVALUATION || (double)row->width * row->height != pixels)
                    continue;
                row_begin(m, results, count, r);
                evaluation(m, row);
            }
    table_end(m);
}

void page_targets(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"loss, of the first", "time", "evaluations", NULL};
    char number[UNITS_MOST];
    table_begin(m, "Time to a given loss", count, columns);
    for (size_t t = 0; t < FIGURES_TARGETS; t++)
        for (size_t r = 0; r < count; r++) {
            if (t >= results[r].target_count)
                continue;
            const figure_point *target = &results[r].targets[t];
            row_begin(m, results, count, r);
            markup_add(m, "<th scope=\"row\">%s", units_percent(target->loss, number));
            if (isfinite(target->seconds)) {
                cell(m, units_seconds, target->seconds);
                cell(m, units_count, target->evaluations);
            } else {
                markup_add(m, "<td colspan=\"2\" class=\"missing\">not reached");
            }
            markup_add(m, "\n");
        }
    table_end(m);
}

void page_loads(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"before the first sample", "evaluations in it", "other load", "reliable",
                                          NULL},
                             *const more[] = {"before the first sample",
                                              "evaluations in it",
                                              "other load",
                                              "processor's own speed",
                                              "at best",
                                              "varied by",
                                              "reliable",
                                              NULL};
    bool speeds = false;
    for (size_t r = 0; r < count; r++)
        speeds = speeds || results[r].speed_median > 0;
    table_begin(m, "Warm-up and other load", count, speeds ? more : columns);
    for (size_t r = 0; r < count; r++) {
        const bench_figures *f = &results[r];
        const char *doubt = figures_doubt(f);
        char number[UNITS_MOST];
        row_begin(m, results, count, r);
        cell(m, units_seconds, f->warm_up_seconds);
        count_cell(m, f->warm_up_evaluations);
        markup_add(m, "<td>%s", f->load_known ? units_percent(f->load_other, number) : "unknown");
        if (speeds) {
            cell(m, units_flops, f->speed_median);
            cell(m, units_flops, f->speed_best);
            cell(m, units_percent, f->speed_varied);
        }
        if (f->score > 0 && !doubt)
            markup_add(m, "<td>yes\n");
        else
            markup_put(m, "<td class=\"problem\">", doubt ? doubt : "not told", "\n");
    }
    table_end(m);
}

/* ---- every row ---- */

static const char *const kinds[FIGURE_KINDS] = {"arithmetic", "bandwidth", "convolution", "kernel", "evaluation"};

static void whole_row(markup *m, const figure_row *row) {
    markup_add(m, "<td>%s", kinds[row->kind]);
    markup_put(m, "<td>", row->name, "");
    if (row->kind == FIGURE_CONVOLUTION) {
        markup_add(m, "<td>%s", row->backward ? "back" : "fwd");
        markup_put(m, "<td>", row->algorithm, row->chosen ? " *" : "");
        markup_put(m, "<td>", row->pool, "");
    } else {
        markup_add(m, "<td><td><td>");
    }
    count_cell(m, row->c_in);
    count_cell(m, row->c_out);
    if (row->width)
        markup_add(m, "<td>%dx%d", row->width, row->height);
    else
        markup_add(m, "<td>");
    count_cell(m, row->rows);
    if (row->problem[0]) {
        markup_put(m, "<td colspan=\"10\" class=\"problem\">", row->problem, "\n");
        return;
    }
    count_cell(m, row->times.samples);
    cell(m, units_plain, 1e3 * row->times.least);
    cell(m, units_plain, 1e3 * row->times.median);
    cell(m, units_plain, 1e3 * row->times.most);
    cell(m, units_plain, row->rate / 1e9);
    cell(m, units_plain, row->fraction);
    cell(m, units_plain, row->work / 1e9);
    cell(m, units_plain, row->arithmetic / 1e9);
    cell(m, units_plain, row->bytes / 1e6);
    cell(m, units_plain, row->device_bytes / 1048576);
    markup_add(m, "\n");
}

static void all_scores(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"image", "rounds", "least", "median", "most", "megapixels a second", NULL};
    table_begin(m, "Sizes of the score", count, columns);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].size_count; i++) {
            const figure_size *size = &results[r].sizes[i];
            row_begin(m, results, count, r);
            markup_add(m, "<th scope=\"row\">%dx%d", size->size, size->size);
            count_cell(m, size->times.samples);
            cell(m, units_seconds, size->times.least);
            cell(m, units_seconds, size->times.median);
            cell(m, units_seconds, size->times.most);
            cell(m, units_plain, size->megapixels);
            markup_add(m, "\n");
        }
    table_end(m);
}

static void all_points(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"evaluations", "seconds", "loss, of the first", NULL};
    table_begin(m, "Points of the loss over time", count, columns);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].point_count; i++) {
            row_begin(m, results, count, r);
            cell(m, units_count, results[r].points[i].evaluations);
            cell(m, units_plain, results[r].points[i].seconds);
            cell(m, units_plain, results[r].points[i].loss);
            markup_add(m, "\n");
        }
    table_end(m);
}

void page_rows(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {
        "kind",       "name",       "direction",        "algorithm",      "pooling",    "channels in", "out",
        "map",        "rows",       "samples",          "least ms",       "median ms",  "most ms",     "GFLOP/s, GB/s",
        "of ceiling", "work GFLOP", "arithmetic GFLOP", "least MB moved", "memory MiB", NULL};
    size_t sizes = 0, points = 0;
    for (size_t r = 0; r < count; r++) {
        sizes += results[r].size_count;
        points += results[r].point_count;
    }
    if (sizes) {
        markup_add(m, "<details><summary>The sizes of the score</summary>\n");
        all_scores(m, results, count);
        markup_add(m, "</details>\n");
    }
    if (points) {
        markup_add(m, "<details><summary>The loss over time</summary>\n");
        all_points(m, results, count);
        markup_add(m, "</details>\n");
    }
    for (size_t r = 0; r < count; r++) {
        markup_add(m, "<details class=\"rows\"><summary>Every row%s", count > 1 ? " of " : "");
        if (count > 1)
            result_name(m, results, count, r);
        markup_add(m, "</summary>\n");
        table_begin(m, "All rows; * marks what a run would use", 1, columns);
        for (size_t i = 0; i < results[r].row_count; i++) {
            markup_add(m, "<tr>");
            whole_row(m, &results[r].rows[i]);
        }
        table_end(m);
        markup_add(m, "</details>\n");
    }
}
