/* Kernels as bars within tables: of one result every algorithm, of several the chosen ones side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/page.h"
#include "cli/bench/svg.h"

static bool is_first(const bench_figures *f, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (figures_same_product(&f->rows[k], &f->rows[i]))
            return false;
    return true;
}

static bool is_of(const figure_row *row, bool backward) {
    return row->kind == FIGURE_CONVOLUTION && row->backward == backward;
}

/* What a run would use; where nothing is marked, the fastest. */
static const figure_row *chosen_of(const bench_figures *f, const figure_row *product) {
    const figure_row *best = NULL;
    for (size_t i = 0; i < f->row_count; i++) {
        const figure_row *row = &f->rows[i];
        if (figures_same_product(row, product) && row->rate > 0 &&
            (!best || (row->chosen && !best->chosen) || (row->chosen == best->chosen && row->rate > best->rate)))
            best = row;
    }
    return best;
}

/* The end of the axis of bars: what is longest, or the ceiling. */
static double longest(const bench_figures *results, size_t count) {
    double most = 1;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++) {
            const figure_row *row = &results[r].rows[i];
            if (row->kind == FIGURE_CONVOLUTION && row->fraction > 0)
                most = fmax(most, row->fraction * (row->times.least > 0 ? row->times.median / row->times.least : 1));
        }
    return fmin(most, 20);
}

/* Whiskers: the rates of the most and the least time. */
static void bar(markup *m, double part, double of, const figure_times *times, const char *class) {
    const double whole = 100 / of;
    markup_add(m, "<td class=\"bar\">");
    if (!(part > 0))
        return;
    markup_add(m,
               "<svg width=\"100%%\" height=\"17\" aria-hidden=\"true\"><rect class=\"%s\" y=\"3\" width=\"%.1f%%\" "
               "height=\"11\"/>",
               class, fmin(part * whole, 100));
    markup_add(m, "<line class=\"ceiling\" x1=\"%.1f%%\" x2=\"%.1f%%\" y2=\"17\"/>", whole, whole);
    if (times->least > 0 && times->most > 0)
        markup_add(m, "<line x1=\"%.1f%%\" x2=\"%.1f%%\" y1=\"8.5\" y2=\"8.5\"/>",
                   fmin(part * whole * times->median / times->most, 100),
                   fmin(part * whole * times->median / times->least, 100));
    markup_add(m, "</svg>");
}

static void head(markup *m, double of, const char *first, const char *what) {
    markup_add(m,
               "<thead><tr><th scope=\"col\">%s<th scope=\"col\" class=\"bar\"><svg width=\"100%%\" height=\"16\" "
               "role=\"img\" aria-label=\"%s\"><text x=\"%.1f%%\" y=\"12\" text-anchor=\"%s\">%s</text></svg>"
               "<th scope=\"col\">rate <span>part</span></thead>\n",
               first, what, 100 / of, of < 1.3 ? "end" : "middle", what);
}

static void rate_cell(markup *m, const figure_row *row) {
    char rate[UNITS_MOST], part[UNITS_MOST];
    markup_add(m, "<td>%s <span>%s</span>\n", units_flops(row->rate, rate), units_percent(row->fraction, part));
}

static void product_name(markup *m, const figure_row *row) {
    markup_add(m, "<tbody><tr class=\"group\"><th colspan=\"3\" scope=\"rowgroup\">");
    markup_put(m, "", row->name, "");
    markup_add(m, " <small>%d to %d channels, %dx%d", row->c_in, row->c_out, row->width, row->height);
    if (row->pool[0] && strcmp(row->pool, "none") != 0)
        markup_put(m, ", ", row->pool, " pooling");
    markup_add(m, "</small>");
}

/* Says in the line of the product that another algorithm was faster than the chosen one. */
static void faster_one(markup *m, const bench_figures *f, const figure_row *product) {
    const figure_row *chosen = chosen_of(f, product), *fastest = figures_fastest(f, product);
    if (!chosen || !chosen->chosen || !figures_is_slower(chosen, fastest))
        return;
    markup_put(m, " <span class=\"faster\">", fastest->algorithm, "");
    markup_add(m, " %.0f&nbsp;%% faster</span>", 100 * (fmin(fastest->rate / chosen->rate, 1e4) - 1));
}

static void algorithm_row(markup *m, const figure_row *row, bool faster, double of) {
    markup_add(m, "<tr%s><th scope=\"row\">", row->chosen ? " class=\"chosen\"" : faster ? " class=\"fastest\"" : "");
    markup_put(m, "", row->algorithm, "");
    if (row->chosen) {
        svg_key(m, "star", "mark");
        markup_add(m, "<span class=\"unseen\"> chosen</span>");
    }
    if (!(row->rate > 0)) {
        markup_put(m, "<td colspan=\"2\" class=\"problem\">", row->problem[0] ? row->problem : "not measured", "\n");
        return;
    }
    bar(m, row->fraction, of, &row->times, row->backward ? "k1" : "k0");
    rate_cell(m, row);
}

static void algorithms(markup *m, const bench_figures *f, bool backward, double of) {
    markup_add(m, "<table class=\"bars\"><caption>%s</caption>",
               backward ? "Backward: the gradient of each layer" : "Forward: each layer");
    head(m, of, "algorithm", "ceiling");
    for (size_t i = 0; i < f->row_count; i++) {
        if (!is_of(&f->rows[i], backward) || !is_first(f, i))
            continue;
        const figure_row *chosen = chosen_of(f, &f->rows[i]), *fastest = figures_fastest(f, &f->rows[i]);
        product_name(m, &f->rows[i]);
        faster_one(m, f, &f->rows[i]);
        markup_add(m, "\n");
        for (size_t k = i; k < f->row_count; k++)
            if (figures_same_product(&f->rows[i], &f->rows[k]))
                algorithm_row(m, &f->rows[k], &f->rows[k] == fastest && figures_is_slower(chosen, fastest), of);
    }
    markup_add(m, "</table>\n");
}

/* The chosen algorithms of all results, a product after the other. */
static void side_by_side(markup *m, const bench_figures *results, size_t count, bool backward, double of) {
    markup_add(m, "<table class=\"bars\"><caption>%s</caption>",
               backward ? "Backward: the gradient of each layer" : "Forward: each layer");
    head(m, of, "chosen", "ceiling of each");
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++) {
            const figure_row *product = &results[r].rows[i];
            bool seen = !is_of(product, backward) || !is_first(&results[r], i);
            for (size_t before = 0; before < r && !seen; before++)
                seen = chosen_of(&results[before], product) != NULL;
            if (seen || !chosen_of(&results[r], product))
                continue;
            product_name(m, product);
            markup_add(m, "\n");
            for (size_t each = 0; each < count; each++) {
                const figure_row *row = chosen_of(&results[each], product);
                markup_add(m, "<tr><th scope=\"row\">");
                svg_key(m, result_symbol(each), result_class(each));
                markup_add(m, " <b>%c</b> ", result_letter(each));
                markup_put(m, "", row ? row->algorithm : "", "");
                if (!row) {
                    markup_add(m, "<td colspan=\"2\" class=\"problem\">not measured\n");
                    continue;
                }
                bar(m, row->fraction, of, &row->times, result_class(each));
                rate_cell(m, row);
            }
        }
    markup_add(m, "</table>\n");
}

/* One result: how many products a run could have faster, and how. */
static void missed(markup *m, const bench_figures *f) {
    const figure_missed missed = figures_missed(f);
    if (!missed.worst)
        return;
    markup_add(m,
               "<p class=\"note\">For %zu of %zu products another algorithm was faster than the one with the star, "
               "at most by %.0f&nbsp;%%: ",
               missed.slower, missed.products, 100 * (fmin(missed.gain, 1e4) - 1));
    markup_put(m, "<b>", missed.worst->algorithm, " for ");
    markup_put(m, "", missed.worst->name, missed.worst->backward ? " backward</b>. " : " forward</b>. ");
    markup_add(m, "%s</p>\n",
               f->choices
                   ? "Single samples differ as their lines show; <code>pastiche tune</code> measures again."
                   : "The built-in choices were used: <code>pastiche tune</code> measures and keeps the fastest.");
}

void page_layers(markup *m, const bench_figures *results, size_t count) {
    const double of = 1.02 * longest(results, count);
    size_t layers = 0;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++)
            layers += results[r].rows[i].kind == FIGURE_CONVOLUTION;
    if (!layers) {
        markup_add(m, "<p>No layer was measured alone.</p>\n");
        return;
    }
    markup_add(m, count > 1 ? "<p class=\"note\">What a run on each device would use, as a part of the device's own "
                              "ceiling. All other algorithms "
                              "are in the table of all rows.</p>\n"
                            : "<p class=\"note\">The bar is the median, its line reaches from the slowest to the "
                              "fastest sample. A run uses the algorithm with the star. Rates count "
                              "direct convolution: Winograd's algorithms multiply less and pass the "
                              "ceiling.</p>\n");
    if (count == 1)
        missed(m, results);
    markup_add(m, "<div class=\"pair\">\n");
    for (int backward = 0; backward < 2; backward++) {
        if (count > 1)
            side_by_side(m, results, count, backward, of);
        else
            algorithms(m, results, backward, of);
    }
    markup_add(m, "</div>\n");
}

/* ---- other kernels: the roof over each is the lower of both ceilings ---- */

static double roof(const bench_figures *f, const figure_row *row) {
    const double memory = f->bandwidth * row->work / row->bytes;
    return isnan(memory) ? f->ceiling : isnan(f->ceiling) ? memory : fmin(memory, f->ceiling);
}

void page_kernels(markup *m, const bench_figures *results, size_t count) {
    double of = 1;
    size_t kernels = 0;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++)
            if (results[r].rows[i].kind == FIGURE_KERNEL) {
                kernels++;
                of = fmax(of, results[r].rows[i].rate / roof(&results[r], &results[r].rows[i]));
            }
    if (!kernels)
        return;
    of = 1.02 * fmin(of, 20);
    markup_add(m, "<table class=\"bars kernels\"><caption>Other kernels, below the roof over "
                  "each</caption>");
    head(m, of, "kernel", "roof");
    for (size_t r = 0; r < count; r++) {
        const bench_figures *f = &results[r];
        markup_add(m, "<tbody>");
        if (count > 1) {
            markup_add(m, "<tr class=\"group\"><th colspan=\"3\" scope=\"rowgroup\">");
            result_name(m, results, count, r);
            markup_add(m, "\n");
        }
        for (size_t i = 0; i < f->row_count; i++) {
            const figure_row *row = &f->rows[i];
            char rate[UNITS_MOST], part[UNITS_MOST];
            if (row->kind != FIGURE_KERNEL)
                continue;
            markup_put(m, "<tr><th scope=\"row\">", row->name, "");
            if (row->width)
                markup_add(m, " <small>%d x %dx%d</small>", row->c_in, row->width, row->height);
            if (!(row->rate > 0)) {
                markup_put(m, "<td colspan=\"2\" class=\"problem\">", row->problem[0] ? row->problem : "not measured",
                           "\n");
                continue;
            }
            const double of_roof = row->rate / roof(f, row), moved = row->bytes / row->times.median;
            bar(m, of_roof, of, &row->times, count > 1 ? result_class(r) : "k2");
            markup_add(m, "<td>%s <span>%s</span>\n",
                       moved > 0 && roof(f, row) < f->ceiling ? units_bandwidth(moved, rate)
                                                              : units_flops(row->rate, rate),
                       units_percent(of_roof, part));
        }
    }
    markup_add(m, "</table>\n");
}
