#include "cli/bench/markdown.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/markup.h"
#include "cli/bench/units.h"

enum { ALGORITHMS_MOST = 16 };

static void cell(markup *m, units_text *text, double value) {
    char number[UNITS_MOST];
    if (isfinite(value))
        markup_add(m, " %s |", text(value, number));
    else
        markup_add(m, " |");
}

/* "| A " where there are several results, then the cells. */
static void row_begin(markup *m, size_t count, size_t result) {
    if (count > 1)
        markup_add(m, "| %c |", result_letter(result));
    else
        markup_add(m, "|");
}

static void head(markup *m, size_t count, const char *const *columns) {
    markup_add(m, "%s|", count > 1 ? "| " : "");
    for (size_t i = 0; columns[i]; i++)
        markup_add(m, " %s |", columns[i]);
    markup_add(m, "\n%s|", count > 1 ? "| --- " : "");
    for (size_t i = 0; columns[i]; i++)
        markup_add(m, " --- |");
    markup_add(m, "\n");
}

static void overview(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"device",        "driver",   "score, MP/s", "reliable",
                                          "multiply-adds", "memory",   "other load",  "processor varied",
                                          "pastiche",      "measured", NULL};
    head(m, count, columns);
    for (size_t r = 0; r < count; r++) {
        const bench_figures *f = &results[r];
        const char *doubt = figures_doubt(f);
        row_begin(m, count, r);
        markdown_put(m, " ", f->device, " |");
        markdown_put(m, " ", f->platform, "");
        markdown_put(m, f->driver[0] ? " " : "", f->driver, " |");
        cell(m, units_plain, f->score);
        markdown_put(m, " ", isnan(f->score) ? "" : doubt ? doubt : "yes", " |");
        cell(m, units_flops, f->ceiling);
        cell(m, units_bandwidth, f->bandwidth);
        cell(m, units_percent, f->load_known ? f->load_other : NAN);
        cell(m, units_percent, f->speed_varied);
        markdown_put(m, " ", f->version, "");
        markdown_put(m, f->mode[0] ? ", " : "", f->mode, " |");
        markdown_put(m, " ", f->date, " |\n");
    }
    for (size_t r = 0; r < count; r++)
        for (size_t before = 0; before < r; before++)
            if (results[r].score > 0 && results[before].score > 0 &&
                results[r].score_version != results[before].score_version) {
                markup_add(m, "\nThe scores are of different versions and not to be compared.\n");
                return;
            }
}

static void evaluations(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"image", "median", "least", "most", "rate", "of ceiling", "memory", NULL};
    markup_add(m, "\n## Whole evaluations\n\n");
    head(m, count, columns);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++) {
            const figure_row *row = &results[r].rows[i];
            if (row->kind != FIGURE_EVALUATION)
                continue;
            row_begin(m, count, r);
            markup_add(m, " %dx%d |", row->width, row->height);
            if (!(row->times.median > 0)) {
                markdown_put(m, " ", row->problem, " | | | | | |\n");
                continue;
            }
            cell(m, units_seconds, row->times.median);
            cell(m, units_seconds, row->times.least);
            cell(m, units_seconds, row->times.most);
            cell(m, units_flops, row->rate);
            cell(m, units_percent, row->fraction);
            cell(m, units_bytes, row->device_bytes);
            markup_add(m, "\n");
        }
}

/* ---- layers: a row for each product, a column for each algorithm ---- */

static size_t list_algorithms(const bench_figures *f, const char *names[ALGORITHMS_MOST]) {
    size_t count = 0;
    for (size_t i = 0; i < f->row_count; i++) {
        size_t known = 0;
        while (known < count && strcmp(names[known], f->rows[i].algorithm) != 0)
            known++;
        if (f->rows[i].kind == FIGURE_CONVOLUTION && known == count && count < ALGORITHMS_MOST)
            names[count++] = f->rows[i].algorithm;
    }
    return count;
}

static const figure_row *find(const bench_figures *f, const figure_row *product, const char *algorithm) {
    for (size_t i = 0; i < f->row_count; i++)
        if (figures_same_product(&f->rows[i], product) && strcmp(f->rows[i].algorithm, algorithm) == 0)
            return &f->rows[i];
    return NULL;
}

static void layers(markup *m, const bench_figures *f) {
    const char *names[ALGORITHMS_MOST];
    const size_t count = list_algorithms(f, names);
    if (!count)
        return;
    markup_add(m, "\nConvolutions in GFLOP/s of direct convolution; a run uses what is bold.\n\n| layer | |");
    for (size_t a = 0; a < count; a++)
        markdown_put(m, " ", names[a], " |");
    markup_add(m, "\n| --- | --- |");
    for (size_t a = 0; a < count; a++)
        markup_add(m, " ---: |");
    markup_add(m, "\n");
    for (size_t i = 0; i < f->row_count; i++) {
        const figure_row *product = &f->rows[i];
        if (product->kind != FIGURE_CONVOLUTION || find(f, product, product->algorithm) != product)
            continue;
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = !figures_same_product(&f->rows[k], product);
        if (!first)
            continue;
        markdown_put(m, "| ", product->name, product->backward ? " backward" : " forward");
        markup_add(m, " | %d>%d, %dx%d |", product->c_in, product->c_out, product->width, product->height);
        for (size_t a = 0; a < count; a++) {
            char number[UNITS_MOST];
            const figure_row *row = find(f, product, names[a]);
            if (!row || !(row->rate > 0))
                markup_add(m, " |");
            else
                markup_add(m, row->chosen ? " **%s** |" : " %s |", units_plain(row->rate / 1e9, number));
        }
        markup_add(m, "\n");
    }
}

static void missed(markup *m, const bench_figures *f) {
    const figure_missed missed = figures_missed(f);
    if (!missed.worst)
        return;
    markup_add(m, "\nFor %zu of %zu products another algorithm was faster than the bold one, at most by %.0f %%:",
               missed.slower, missed.products, 100 * (fmin(missed.gain, 1e4) - 1));
    markdown_put(m, " ", missed.worst->algorithm, " for");
    markdown_put(m, " ", missed.worst->name, missed.worst->backward ? " backward.\n" : " forward.\n");
}

static void kernels(markup *m, const bench_figures *f) {
    static const char *const columns[] = {"kernel", "map", "median", "least", "most", "rate", NULL};
    bool any = false;
    for (size_t i = 0; i < f->row_count; i++) {
        const figure_row *row = &f->rows[i];
        if (row->kind != FIGURE_KERNEL && row->kind != FIGURE_ARITHMETIC && row->kind != FIGURE_BANDWIDTH)
            continue;
        if (!any) {
            markup_add(m, "\n");
            head(m, 1, columns);
        }
        any = true;
        markdown_put(m, "| ", row->name, " |");
        if (row->width)
            markup_add(m, " %d x %dx%d |", row->c_in, row->width, row->height);
        else
            markup_add(m, " |");
        cell(m, units_seconds, row->times.median);
        cell(m, units_seconds, row->times.least);
        cell(m, units_seconds, row->times.most);
        cell(m, row->kind == FIGURE_BANDWIDTH ? units_bandwidth : units_flops, row->rate);
        markup_add(m, "\n");
    }
}

static void targets(markup *m, const bench_figures *results, size_t count) {
    static const char *const columns[] = {"loss, of the first", "time", "evaluations", NULL};
    size_t all = 0;
    for (size_t r = 0; r < count; r++)
        all += results[r].target_count;
    if (!all)
        return;
    markup_add(m, "\n## Time to a given loss\n\n");
    head(m, count, columns);
    for (size_t r = 0; r < count; r++)
        for (size_t t = 0; t < results[r].target_count; t++) {
            row_begin(m, count, r);
            const figure_point *target = &results[r].targets[t];
            cell(m, units_percent, target->loss);
            if (isfinite(target->seconds)) {
                cell(m, units_seconds, target->seconds);
                cell(m, units_count, target->evaluations);
                markup_add(m, "\n");
            } else {
                markup_add(m, " not reached | |\n");
            }
        }
}

char *bench_markdown(const bench_figures *results, size_t count, size_t *bytes) {
    markup m = {0};
    markup_add(&m, "# Benchmark of pastiche\n\n");
    overview(&m, results, count);
    evaluations(&m, results, count);
    targets(&m, results, count);
    for (size_t r = 0; r < count; r++) {
        if (count > 1) {
            markup_add(&m, "\n## %c: ", result_letter(r));
            markdown_put(&m, "", results[r].device, "\n");
        } else {
            markup_add(&m, "\n## Layers and kernels\n");
        }
        layers(&m, &results[r]);
        missed(&m, &results[r]);
        kernels(&m, &results[r]);
    }
    if (m.failed)
        markup_free(&m);
    *bytes = m.length;
    return m.text;
}
