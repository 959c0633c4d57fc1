/* Charts as SVG: axes, points, whiskers, lines. Horizontal places are percentages and vertical ones pixels, so that a
 * chart fills any width while its texts keep their size; no script is needed. Colors are those of report.css. */
#ifndef PST_CLI_BENCH_SVG_H
#define PST_CLI_BENCH_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/bench/markup.h"
#include "cli/bench/units.h"

enum { AXIS_TICKS = 24 };

typedef struct axis {
    double least, most;
    bool logarithmic;
    double ticks[AXIS_TICKS];
    size_t tick_count;
} axis;

/* Ends at round numbers that enclose the values, with at most so many ticks. */
axis axis_linear(double least, double most, size_t ticks);
axis axis_logarithmic(double least, double most, size_t ticks);

/* Ticks at these values, which rise, as far as there is room for them, and a margin beyond them. */
axis axis_of_ticks(const double *ticks, size_t count);

/* From 0 to 1; what lies outside is moved to the edge. */
double axis_place(const axis *a, double value);

typedef struct plot {
    markup *m;
    axis x, y;
    int height; /* of the area in pixels */
    const char *x_name;
} plot;

typedef struct plot_words {
    const char *title, *description; /* for people who do not see it */
    const char *x, *y;               /* names of the axes; x may be "" */
    units_text *x_text, *y_text;
} plot_words;

/* The frame, the grid and the ticks. Between begin and end come marks. */
void plot_begin(plot *p, const plot_words *words);
void plot_end(plot *p);

/* A symbol of svg_symbols. title: what a pointer is told there; NULL: nothing. */
void plot_mark(plot *p, const char *symbol, const char *class, double x, double y, const char *title);
void plot_whisker(plot *p, const char *class, double x, double least, double most);
void plot_line(plot *p, const char *class, double x0, double y0, double x1, double y1);

/* anchor: "start", "middle" or "end"; dx, dy: pixels from the place. */
void plot_text(plot *p, const char *class, const char *anchor, double x, double y, int dx, int dy, const char *text);

/* A path of lines: begin, moves and lines, end. */
void plot_path_begin(plot *p, const char *class);
void plot_path_move(plot *p, double x, double y);
void plot_path_line(plot *p, double x, double y);
void plot_path_end(plot *p);

/* The symbols, once on a page: dot, square, up, down, diamond, plus, cross, star. And one of them beside a text. */
void svg_symbols(markup *m);
void svg_key(markup *m, const char *symbol, const char *class);

#endif
