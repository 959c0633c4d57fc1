#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/svg.h"

enum { BOXES_MOST = 400, HEIGHT = 400, TITLED_MOST = 3 /* more results make a large file */ };

/* Labels are shown in charts of at least these widths (report.css). Those of the narrow ones are in all. */
static const double widths[] = {500, 900};
static const char *const label_classes[] = {"label", "label wide"};

#define LETTER_WIDTH 6.6
#define LABEL_HEIGHT 13.0

typedef struct box {
    double left, top, right, bottom;
} box;

/* What is taken of a chart of a width. */
typedef struct labels {
    double width;
    box taken[BOXES_MOST];
    size_t count;
} labels;

static bool is_shown(const figure_row *row) {
    return (row->kind == FIGURE_CONVOLUTION || row->kind == FIGURE_KERNEL) && row->rate > 0 && row->work > 0 &&
           row->bytes > 0;
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* The symbol and the class of colors of a kind of kernel; chosen kernels are filled, others only an outline. */
static const char *symbol_of(const figure_row *row) {
    if (row->kind == FIGURE_CONVOLUTION)
        return row->backward ? "square" : "dot";
    return begins(row->name, "Gram") ? "up" : begins(row->name, "pool") ? "diamond" : "plus";
}

static const char *class_of(const figure_row *row) {
    if (row->kind == FIGURE_CONVOLUTION)
        return row->chosen ? row->backward ? "k1" : "k0" : row->backward ? "k1 other" : "k0 other";
    return begins(row->name, "Gram") ? "k2" : begins(row->name, "pool") ? "k3" : "k4";
}

/* "relu3_1 backward, winograd-6x6: 412.1 GFLOP/s, 97.3 FLOP a byte"; part: of the work that is really done */
static void describe(const figure_row *row, double part, char text[4 * FIGURES_TEXT]) {
    char rate[UNITS_MOST], intensity[UNITS_MOST];
    snprintf(text, 4 * FIGURES_TEXT, "%s%s%s%s%s: %s, %s FLOP a byte", row->name,
             row->kind != FIGURE_CONVOLUTION ? ""
             : row->backward                 ? " backward"
                                             : " forward",
             row->algorithm[0] ? ", " : "", row->algorithm, part == 1 ? "" : ", really",
             units_flops(row->rate * part, rate), units_plain(row->work * part / row->bytes, intensity));
}

/* ---- labels ---- */

static bool reserve(labels *l, box wanted) {
    if (l->count == BOXES_MOST || wanted.left < 0 || wanted.right > l->width || wanted.top < 0)
        return false;
    for (size_t i = 0; i < l->count; i++) {
        const box *b = &l->taken[i];
        if (wanted.left < b->right && b->left < wanted.right && wanted.top < b->bottom && b->top < wanted.bottom)
            return false;
    }
    l->taken[l->count++] = wanted;
    return true;
}

static void occupy(const plot *p, labels *l, double x, double y) {
    const double px = l->width * axis_place(&p->x, x), py = p->height * (1 - axis_place(&p->y, y));
    if (l->count < BOXES_MOST)
        l->taken[l->count++] = (box){px - 5, py - 5, px + 5, py + 5};
}

static bool is_labeled(const figure_row *row) {
    return is_shown(row) && !row->backward && (row->chosen || row->kind == FIGURE_KERNEL) && strlen(row->name) <= 24;
}

/* Right of the point, left of it, above or below. */
static const char *const anchors[] = {"start", "end", "middle", "middle"};
static const int label_dx[] = {9, -9, 0, 0}, label_dy[] = {4, 4, -9, 17};
enum { SIDES = 4 };

static box label_box(const plot *p, const labels *l, const figure_row *row, int side) {
    const double x = l->width * axis_place(&p->x, row->work / row->bytes) + label_dx[side],
                 y = p->height * (1 - axis_place(&p->y, row->rate)) + label_dy[side],
                 width = LETTER_WIDTH * (double)strlen(row->name),
                 left = side == 0   ? x
                        : side == 1 ? x - width
                                    : x - width / 2;
    return (box){left, y - LABEL_HEIGHT + 2, left + width, y + 2};
}

/* Each where nothing else is, or nowhere. In a wider chart the distances between points only grow, so that labels which
 * fit into a narrow one stay. */
static void add_labels(plot *p, const bench_figures *f) {
    char *side = calloc(f->row_count + 1, 1); /* 1 + the side of the label that a row has */
    labels *l = malloc(sizeof *l);
    for (size_t w = 0; side && l && w < sizeof widths / sizeof *widths; w++) {
        *l = (labels){.width = widths[w]};
        reserve(l, (box){l->width - 180, p->height - 42, l->width, p->height}); /* of the roof */
        for (size_t i = 0; i < f->row_count; i++) {
            const figure_row *row = &f->rows[i];
            if (!is_shown(row) || !(row->chosen || row->kind == FIGURE_KERNEL))
                continue;
            occupy(p, l, row->work / row->bytes, row->rate);
            if (row->arithmetic > 0)
                occupy(p, l, row->arithmetic / row->bytes, row->rate * row->arithmetic / row->work);
            if (side[i])
                reserve(l, label_box(p, l, row, side[i] - 1));
        }
        for (size_t i = 0; i < f->row_count; i++) {
            const figure_row *row = &f->rows[i];
            for (int s = 0; s < SIDES && is_labeled(row) && !side[i]; s++)
                if (reserve(l, label_box(p, l, row, s))) {
                    side[i] = (char)(1 + s);
                    plot_text(p, label_classes[w], anchors[s], row->work / row->bytes, row->rate, label_dx[s],
                              label_dy[s], row->name);
                }
        }
    }
    free(side);
    free(l);
}

/* ---- the chart ---- */

static void points(plot *p, const bench_figures *f, bool chosen, bool titles) {
    char text[4 * FIGURES_TEXT];
    for (size_t i = 0; i < f->row_count; i++) {
        const figure_row *row = &f->rows[i];
        if (!is_shown(row) || (row->chosen || row->kind == FIGURE_KERNEL) != chosen)
            continue;
        const double x = row->work / row->bytes;
        if (chosen && row->arithmetic > 0 && fabs(row->arithmetic / row->work - 1) > 0.01) {
            const double part = row->arithmetic / row->work;
            plot_line(p, "real", x, row->rate, x * part, row->rate * part);
            describe(row, part, text);
            plot_mark(p, symbol_of(row), row->backward ? "k1 real" : "k0 real", x * part, row->rate * part,
                      titles ? text : NULL);
        }
        describe(row, 1, text);
        plot_mark(p, symbol_of(row), class_of(row), x, row->rate, titles ? text : NULL);
    }
}

/* The roof: bytes a second up to the ridge, then the arithmetic. Its names stand at the bottom on the right, where no
 * kernel is so slow. */
static void ceilings(plot *p, const bench_figures *f) {
    char rate[UNITS_MOST], text[2 * FIGURES_TEXT];
    const double ridge = f->ceiling / f->bandwidth;
    if (f->bandwidth > 0) {
        const double left = fmax(p->x.least, p->y.least / f->bandwidth),
                     right = fmin(p->x.most, fmin(p->y.most, f->ceiling > 0 ? f->ceiling : p->y.most) / f->bandwidth);
        if (left < right)
            plot_line(p, "roof", left, left * f->bandwidth, right, right * f->bandwidth);
        snprintf(text, sizeof text, "slope: %s", units_bandwidth(f->bandwidth, rate));
        plot_text(p, "roof-name", "end", p->x.most, p->y.least, -8, -26, text);
    }
    if (f->ceiling > 0) {
        plot_line(p, "roof", isfinite(ridge) ? fmin(fmax(ridge, p->x.least), p->x.most) : p->x.least, f->ceiling,
                  p->x.most, f->ceiling);
        snprintf(text, sizeof text, "level: %s", units_flops(f->ceiling, rate));
        plot_text(p, "roof-name", "end", p->x.most, p->y.least, -8, -10, text);
    }
}

static bool has_class(const bench_figures *results, size_t count, const char *class) {
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < results[r].row_count; i++)
            if (is_shown(&results[r].rows[i]) && strcmp(class_of(&results[r].rows[i]), class) == 0)
                return true;
    return false;
}

static void legend(markup *m, const bench_figures *results, size_t count, bool real) {
    static const char *const entries[][3] = {{"dot", "k0", "convolution forward"},
                                             {"square", "k1", "convolution backward"},
                                             {"dot", "k0 other", "an algorithm not chosen"},
                                             {"up", "k2", "Gram matrix"},
                                             {"diamond", "k3", "pooling"},
                                             {"plus", "k4", "the optimizer's vectors"},
                                             {"dot", "k0 real", "by the arithmetic that it really does"}};
    markup_add(m, "<ul class=\"legend\">");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (!has_class(results, count, entries[i][1]) && !(real && strstr(entries[i][1], "real")))
            continue;
        markup_add(m, "<li>");
        svg_key(m, entries[i][0], entries[i][1]);
        markup_add(m, "%s</li>", entries[i][2]);
    }
    markup_add(m, "</ul>\n");
}

static void extend(double value, double *least, double *most) {
    if (value > 0) {
        *least = fmin(*least, value);
        *most = fmax(*most, value);
    }
}

void chart_rooflines(markup *m, const bench_figures *results, size_t count) {
    double least[2] = {INFINITY, INFINITY}, most[2] = {0, 0};
    bool real = false;
    for (size_t r = 0; r < count; r++) {
        for (size_t i = 0; i < results[r].row_count; i++) {
            const figure_row *row = &results[r].rows[i];
            if (!is_shown(row))
                continue;
            const double part = row->arithmetic > 0 && row->chosen ? row->arithmetic / row->work : 1;
            real = real || fabs(part - 1) > 0.01;
            for (int k = 0; k < 2; k++) {
                extend(row->work / row->bytes * (k ? part : 1), &least[0], &most[0]);
                extend(row->rate * (k ? part : 1), &least[1], &most[1]);
            }
        }
        if (most[1] > 0) {
            extend(results[r].ceiling, &least[1], &most[1]);
            extend(results[r].ceiling / 50, &least[1], &most[1]); /* room for names */
            extend(results[r].ceiling / results[r].bandwidth, &least[0], &most[0]);
        }
    }
    if (!(most[1] > 0)) {
        markup_add(m, "<p>No kernel was measured.</p>\n");
        return;
    }
    markup_add(
        m,
        "<p class=\"note\">A point is a kernel: how many operations it does for each byte that it has to move "
        "at least, and how many in a "
        "second. Under the slope the memory is the limit, under the level line the multiply-adds. Rates count "
        "direct convolution, so algorithms with less arithmetic may stand above the roof%s. Kernels whose data stay in "
        "a cache may stand above the slope.</p>\n",
        real ? "; the hollow point is where they stand by what they really compute" : "");
    markup_add(m, "<div class=\"%s\">\n", count > 1 ? "several" : "one");
    for (size_t r = 0; r < count; r++) {
        plot p = {.m = m,
                  .x = axis_logarithmic(least[0] / 1.1, most[0] * 1.1, 8),
                  .y = axis_logarithmic(least[1] / 1.1, most[1] * 1.25, 8),
                  .height = count > 1 ? 300 : HEIGHT};
        markup_add(m, "<figure>");
        result_caption(m, results, count, r);
        plot_begin(&p,
                   &(plot_words){.title = "Roofline",
                                 .description =
                                     "Rates of all kernels over their operations for each byte, both on logarithmic "
                                     "axes, below the measured ceilings. The figures are in the table of all rows.",
                                 .x = "FLOP for each byte",
                                 .y = "FLOP/s",
                                 .x_text = units_tick,
                                 .y_text = units_tick_prefix});
        ceilings(&p, &results[r]);
        points(&p, &results[r], false, count <= TITLED_MOST);
        points(&p, &results[r], true, count <= TITLED_MOST);
        if (count == 1)
            add_labels(&p, &results[r]);
        plot_end(&p);
        markup_add(m, "</figure>\n");
    }
    markup_add(m, "</div>\n");
    legend(m, results, count, real);
}
