#include "cli/bench/svg.h"

#include <math.h>
#include <stdio.h>

#define ROUNDING 1e-9
#define TICK_DISTANCE 0.15 /* a part of the axis: room for a number of five digits on a telephone */

/* ---- axes ---- */

static double round_number(int i) {
    static const double mantissas[] = {1, 2, 5};
    int decade = i >= 0 ? i / 3 : -((2 - i) / 3);
    return mantissas[i - 3 * decade] * pow(10, decade);
}

static int first_round_number(double above) {
    int i = 3 * (int)floor(log10(above)) - 1;
    while (round_number(i) < above * (1 - ROUNDING))
        i++;
    return i;
}

axis axis_linear(double least, double most, size_t ticks) {
    double range = fmax(most - least, fmax(1e-6 * fabs(most), 1e-12)), step, first, last;
    int i = first_round_number(range / (double)ticks);
    do {
        step = round_number(i++);
        first = floor(least / step + ROUNDING);
        last = fmax(ceil(most / step - ROUNDING), first + 1);
    } while (last - first > (double)(ticks < AXIS_TICKS ? ticks : AXIS_TICKS) - 1);
    axis a = {.least = first * step, .most = last * step};
    for (double at = first; at <= last; at++)
        a.ticks[a.tick_count++] = at * step;
    return a;
}

axis axis_logarithmic(double least, double most, size_t ticks) {
    axis a = {.logarithmic = true};
    int first = first_round_number(least), last = first_round_number(most);
    if (round_number(first) > least * (1 + ROUNDING))
        first--;
    last += last == first;
    a.least = round_number(first);
    a.most = round_number(last);
    ticks = ticks < AXIS_TICKS ? ticks : AXIS_TICKS;
    for (int each = 1; !a.tick_count; each = each == 1 ? 3 : each + 3) { /* 1, 2, 5, 10 ... or powers of ten */
        int begin = (int)ceil((double)first / each) * each;
        if ((last - begin) / each + 1 <= (int)ticks)
            for (int i = begin; i <= last; i += each)
                a.ticks[a.tick_count++] = round_number(i);
    }
    return a;
}

axis axis_of_ticks(const double *ticks, size_t count) {
    axis a = {.least = ticks[0] / 1.2, .most = ticks[count - 1] * 1.2, .logarithmic = true};
    for (size_t i = 0; i < count && a.tick_count < AXIS_TICKS; i++)
        if (!a.tick_count || axis_place(&a, ticks[i]) - axis_place(&a, a.ticks[a.tick_count - 1]) >= TICK_DISTANCE)
            a.ticks[a.tick_count++] = ticks[i];
    return a;
}

double axis_place(const axis *a, double value) {
    double place =
        a->logarithmic ? log(value / a->least) / log(a->most / a->least) : (value - a->least) / (a->most - a->least);
    return place > 0 ? fmin(place, 1) : 0;
}

/* ---- the chart ---- */

static double percent(const plot *p, double x) { return 100 * axis_place(&p->x, x); }

static double pixels(const plot *p, double y) { return p->height * (1 - axis_place(&p->y, y)); }

void plot_begin(plot *p, const plot_words *words) {
    char text[UNITS_MOST];
    size_t id = p->m->length; /* no other chart begins here */
    markup_add(p->m,
               "<p class=\"axis\">%s</p><div class=\"plot\"><svg role=\"img\" aria-labelledby=\"t%zu d%zu\" "
               "width=\"100%%\" height=\"%d\">",
               words->y, id, id, p->height + 22);
    markup_add(p->m, "<title id=\"t%zu\">", id);
    markup_put(p->m, "", words->title, "</title>");
    markup_add(p->m, "<desc id=\"d%zu\">", id);
    markup_put(p->m, "", words->description, "</desc>\n");
    for (size_t i = 0; i < p->y.tick_count; i++) {
        double y = pixels(p, p->y.ticks[i]);
        markup_add(p->m, "<line class=\"grid\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", y, y);
        markup_add(p->m, "<text class=\"tick\" x=\"-8\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", y + 4,
                   words->y_text(p->y.ticks[i], text));
    }
    for (size_t i = 0; i < p->x.tick_count; i++) {
        double x = percent(p, p->x.ticks[i]);
        markup_add(p->m, "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y2=\"%d\"/>", x, x, p->height);
        markup_add(p->m, "<text class=\"tick\" x=\"%.2f%%\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x,
                   p->height + 18, words->x_text(p->x.ticks[i], text));
    }
    markup_add(p->m, "<line class=\"base\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>\n", p->height, p->height);
    p->x_name = words->x;
}

void plot_end(plot *p) {
    markup_add(p->m, "</svg></div>");
    if (p->x_name[0])
        markup_add(p->m, "<p class=\"axis below\">%s</p>", p->x_name);
    markup_add(p->m, "\n");
}

void plot_mark(plot *p, const char *symbol, const char *class, double x, double y, const char *title) {
    markup_add(p->m, "<use href=\"#%s\" class=\"%s\" x=\"%.2f%%\" y=\"%.1f\"", symbol, class, percent(p, x),
               pixels(p, y));
    if (title)
        markup_put(p->m, "><title>", title, "</title></use>\n");
    else
        markup_add(p->m, "/>\n");
}

void plot_line(plot *p, const char *class, double x0, double y0, double x1, double y1) {
    markup_add(p->m, "<line class=\"%s\" x1=\"%.2f%%\" y1=\"%.1f\" x2=\"%.2f%%\" y2=\"%.1f\"/>\n", class,
               percent(p, x0), pixels(p, y0), percent(p, x1), pixels(p, y1));
}

void plot_whisker(plot *p, const char *class, double x, double least, double most) {
    if (isfinite(least) && isfinite(most))
        plot_line(p, class, x, least, x, most);
}

void plot_text(plot *p, const char *class, const char *anchor, double x, double y, int dx, int dy, const char *text) {
    markup_add(p->m, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.2f%%\" y=\"%.1f\" dx=\"%d\" dy=\"%d\"", class, anchor,
               percent(p, x), pixels(p, y), dx, dy);
    markup_put(p->m, ">", text, "</text>\n");
}

/* Paths know no percentages: they lie in a square that is stretched, without their strokes. */
void plot_path_begin(plot *p, const char *class) {
    markup_add(p->m,
               "<svg width=\"100%%\" height=\"%d\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" "
               "overflow=\"visible\"><path class=\"%s\" vector-effect=\"non-scaling-stroke\" d=\"",
               p->height, class);
}

static double part(const axis *a, double value) { return 1000 * axis_place(a, value); }

void plot_path_move(plot *p, double x, double y) {
    markup_add(p->m, "M%.1f %.1f", part(&p->x, x), 1000 - part(&p->y, y));
}

void plot_path_line(plot *p, double x, double y) {
    markup_add(p->m, "L%.1f %.1f", part(&p->x, x), 1000 - part(&p->y, y));
}

void plot_path_end(plot *p) { markup_add(p->m, "\"/></svg>\n"); }

/* ---- symbols ---- */

void svg_symbols(markup *m) {
    static const char *const symbols[][2] = {
        {"dot", "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z"},
        {"square", "M-4-4h8v8h-8z"},
        {"up", "M0-5.5L5 4H-5z"},
        {"down", "M0 5.5L5-4H-5z"},
        {"diamond", "M0-5.5L5.5 0L0 5.5L-5.5 0z"},
        {"plus", "M-1.6-5.5h3.2v3.9h3.9v3.2h-3.9v3.9h-3.2v-3.9h-3.9v-3.2h3.9z"},
        {"cross", "M-5-2.7L-2.7-5L0-2.3L2.7-5L5-2.7L2.3 0L5 2.7L2.7 5L0 2.3L-2.7 5L-5 2.7L-2.3 0z"},
        {"star", "M0-6.5L1.7-2.1L6.2-1.9L2.6 1L3.8 5.4L0 2.9L-3.8 5.4L-2.6 1L-6.2-1.9L-1.7-2.1z"},
    };
    markup_add(m, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"unseen\"><defs>");
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        markup_add(m, "<path id=\"%s\" d=\"%s\"/>", symbols[i][0], symbols[i][1]);
    markup_add(m, "</defs></svg>\n");
}

void svg_key(markup *m, const char *symbol, const char *class) {
    markup_add(m,
               "<svg class=\"key\" width=\"14\" height=\"14\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\"><use "
               "href=\"#%s\" class=\"%s\"/></svg>",
               symbol, class);
}
