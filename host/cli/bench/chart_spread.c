#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/svg.h"

/* What is drawn ends there. */
#define PART_LEAST 0.5
#define PART_MOST 2.0

enum { GROUPS = 6, WIDEST = 3, NAME_MOST = 4 * FIGURES_TEXT };
static const char *const groups[GROUPS] = {"score", "ceilings", "forward", "backward", "kernels", "evaluations"};

static bool is_known(const figure_times *times) { return times->median > 0 && times->least > 0 && times->most > 0; }

static int group_of(const figure_row *row) {
    static const int of[FIGURE_KINDS] = {1, 1, 2, 4, 5};
    return of[row->kind] + (row->kind == FIGURE_CONVOLUTION && row->backward);
}

/* The next figure of a group from *i on, and what it is; NULL: there are no more. */
static const figure_times *figure_of(const bench_figures *f, int group, size_t *i, char name[NAME_MOST]) {
    for (; group == 0 && *i < f->size_count; ++*i)
        if (is_known(&f->sizes[*i].times)) {
            snprintf(name, NAME_MOST, "score at %d", f->sizes[*i].size);
            return &f->sizes[(*i)++].times;
        }
    for (; group > 0 && *i < f->row_count; ++*i) {
        const figure_row *row = &f->rows[*i];
        if (group_of(row) == group && is_known(&row->times)) {
            char size[32] = "";
            if (row->width)
                snprintf(size, sizeof size, " %dx%d", row->width, row->height);
            snprintf(name, NAME_MOST, "%s%s%s%s%s", row->name, size, group == 3 ? " backward" : "",
                     row->algorithm[0] ? " " : "", row->algorithm);
            return &f->rows[(*i)++].times;
        }
    }
    return NULL;
}

static size_t count_groups(const bench_figures *f, size_t of_group[GROUPS], double *least, double *most) {
    char name[NAME_MOST];
    size_t all = 0;
    for (int g = 0; g < GROUPS; g++) {
        size_t i = 0;
        of_group[g] = 0;
        for (const figure_times *times; (times = figure_of(f, g, &i, name)) != NULL; of_group[g]++) {
            *least = fmin(*least, times->least / times->median);
            *most = fmax(*most, times->most / times->median);
        }
        all += of_group[g];
    }
    return all;
}

static void strokes(plot *p, const bench_figures *f, const size_t of_group[GROUPS], double gap) {
    char name[NAME_MOST];
    double x = gap;
    plot_path_begin(p, "spread");
    for (int g = 0; g < GROUPS; g++) {
        size_t i = 0;
        for (const figure_times *times; (times = figure_of(f, g, &i, name)) != NULL; x++) {
            plot_path_move(p, x, fmax(times->least / times->median, PART_LEAST));
            plot_path_line(p, x, fmin(times->most / times->median, PART_MOST));
        }
        x += of_group[g] ? gap : 0;
    }
    plot_path_end(p);
    x = gap;
    for (int g = 0; g < GROUPS; g++) {
        if (of_group[g])
            plot_text(p, "tick", "middle", x + (double)(of_group[g] - 1) / 2, p->y.least, 0, g % 2 ? 34 : 18,
                      groups[g]);
        x += of_group[g] ? (double)of_group[g] + gap : 0;
    }
}

/* Names what varied most: strokes have no room for names. */
static void widest(markup *m, const bench_figures *f) {
    double below = INFINITY;
    markup_add(m, "<p class=\"note\">Widest: ");
    for (int n = 0; n < WIDEST; n++) {
        char name[NAME_MOST], found[NAME_MOST] = "";
        double width = 0, least = 0, most = 0;
        for (int g = 0; g < GROUPS; g++) {
            size_t i = 0;
            for (const figure_times *times; (times = figure_of(f, g, &i, name)) != NULL;) {
                const double own = (times->most - times->least) / times->median;
                if (own > width && own < below) {
                    width = own;
                    least = times->least / times->median;
                    most = times->most / times->median;
                    memcpy(found, name, sizeof found);
                }
            }
        }
        if (!found[0])
            break;
        below = width;
        markup_put(m, n ? "; " : "", found, "");
        markup_add(m, " (%.1f %% to +%.1f %%)", 100 * (least - 1), 100 * (most - 1));
    }
    markup_add(m, ".%s</p>\n", below > PART_MOST - PART_LEAST ? " Strokes are cut at 50 % and 200 %." : "");
}

void chart_spreads(markup *m, const bench_figures *results, size_t count) {
    double least = 0.99, most = 1.01;
    size_t of_group[GROUPS], all = 0;
    for (size_t r = 0; r < count; r++)
        all += count_groups(&results[r], of_group, &least, &most);
    if (!all) {
        markup_add(m, "<p>The results do not tell how their figures varied.</p>\n");
        return;
    }
    markup_add(
        m,
        "<p class=\"note\">Each stroke is a figure of the tables: from its least to its most time, as parts of its "
        "median.</p>\n<div class=\"%s\">\n",
        count > 1 ? "several" : "one");
    for (size_t r = 0; r < count; r++) {
        size_t shown = 0;
        all = count_groups(&results[r], of_group, &(double){0}, &(double){0});
        if (!all)
            continue;
        for (int g = 0; g < GROUPS; g++)
            shown += of_group[g] > 0;
        const double gap = fmax(3, (double)all / 24);
        plot p = {.m = m,
                  .x = {.least = 0, .most = (double)all - 1 + gap * (double)(shown + 1)},
                  .y = axis_linear(fmax(least, PART_LEAST), fmin(most, PART_MOST), 7),
                  .height = 180};
        markup_add(m, "<figure class=\"spreads\">");
        result_caption(m, results, count, r);
        plot_begin(&p, &(plot_words){.title = "Spread of every figure",
                                     .description = "For each figure a stroke from the least to the most of its times, "
                                                    "as parts of the median. The times are in the tables of all rows.",
                                     .x = "",
                                     .y = "time, as a part of the median",
                                     .x_text = units_tick,
                                     .y_text = units_tick_percent});
        plot_line(&p, "median", p.x.least, 1, p.x.most, 1);
        strokes(&p, &results[r], of_group, gap);
        plot_end(&p);
        widest(m, &results[r]);
        markup_add(m, "</figure>\n");
    }
    markup_add(m, "</div>\n");
}
