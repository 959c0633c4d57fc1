#include "cli/bench/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/charts.h"
#include "cli/bench/svg.h"
#include "package/embedded.h"

extern const embedded_file bench_files[]; /* made by CMake */

static void style_sheet(markup *m, const char *name) {
    const embedded_file *file = embedded_find(bench_files, name);
    if (file)
        markup_add(m, "%s", (const char *)file->data);
}

/* Its policy makes a browser refuse whatever a mistake of ours would let in. */
static void begin(markup *m, const bench_figures *results, size_t count) {
    markup_add(m, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                  "'unsafe-inline'; img-src data:\">\n"
                  "<link rel=\"icon\" href=\"data:,\">\n<title>");
    if (count > 1)
        markup_add(m, "Benchmark of %zu results", count);
    else
        markup_put(m, "Benchmark of ", results->device, "");
    markup_add(m, "</title>\n<style>\n");
    style_sheet(m, "look.css");
    style_sheet(m, "report.css");
    markup_add(m, "</style>\n</head>\n<body>\n");
    svg_symbols(m);
}

static void heading(markup *m, const char *id, const char *text) {
    markup_add(m, "<section id=\"%s\" aria-labelledby=\"%s-h\"><h2 id=\"%s-h\">%s</h2>\n", id, id, id, text);
}

static void section_end(markup *m) { markup_add(m, "</section>\n"); }

/* ---- at a glance ---- */

static void entry(markup *m, const char *name, const char *value) {
    if (!value[0])
        return;
    markup_add(m, "<div><dt>%s</dt>", name);
    markup_put(m, "<dd>", value, "</dd></div>\n");
}

static const figure_row *of_kind(const bench_figures *f, figure_kind kind, size_t *from) {
    for (; *from < f->row_count; ++*from)
        if (f->rows[*from].kind == kind)
            return &f->rows[(*from)++];
    return NULL;
}

static void details(markup *m, const bench_figures *f) {
    char number[UNITS_MOST], text[4 * FIGURES_TEXT];
    entry(m, "Driver", f->driver);
    entry(m, "Platform", f->platform);
    entry(m, "OpenCL", f->device_version);
    if (f->units || f->clock_mhz) {
        snprintf(text, sizeof text, "%d compute units, %d MHz, %s", f->units, f->clock_mhz,
                 units_bytes(f->device_memory, number));
        entry(m, "Hardware", text);
    }
    if (f->processor[0]) {
        snprintf(text, sizeof text, "%s, %d threads, %s", f->processor, f->threads, units_bytes(f->memory, number));
        entry(m, "Machine", text);
    }
    snprintf(text, sizeof text, "%s%s%s", f->system, f->system[0] && f->architecture[0] ? ", " : "", f->architecture);
    entry(m, "System", text);
    entry(m, "Network", f->network);
    snprintf(text, sizeof text, "%s%s%s%s", f->version, f->mode[0] ? ", " : "", f->mode,
             f->mode[0] ? " measurement" : "");
    entry(m, "pastiche", text);
    entry(m, "Measured", f->date);
    entry(m, "File", f->label);
}

static void badge(markup *m, const bench_figures *f) {
    const char *doubt = figures_doubt(f);
    if (isnan(f->score)) {
        markup_add(m, "<p class=\"badge none\">This file has no score: it comes from an older version.</p>\n");
    } else if (doubt) {
        markup_add(m, "<p class=\"badge doubt\">");
        svg_key(m, "diamond", "");
        markup_put(m, "<span><b>Not reliable:</b> ", doubt, "</span></p>\n");
    } else {
        markup_add(m, "<p class=\"badge good\">");
        svg_key(m, "dot", "");
        markup_add(m, "<span><b>Reliable</b></span></p>\n");
    }
}

static void figure_entry(markup *m, const char *name, const char *value) {
    markup_add(m, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

/* The largest figures: the score, evaluations, ceilings. */
static void glance(markup *m, const bench_figures *f) {
    char number[UNITS_MOST], name[64];
    size_t i = 0, shown = 0;
    markup_add(m, "<p class=\"score\"><b>%s</b> <span>megapixels of evaluations a second</span></p>\n",
               units_plain(f->score, number));
    badge(m, f);
    markup_add(m, "<dl class=\"large\">\n");
    for (const figure_row *row; shown < 4 && (row = of_kind(f, FIGURE_EVALUATION, &i)) != NULL;) {
        if (!(row->times.median > 0))
            continue;
        snprintf(name, sizeof name, "Evaluation %dx%d", row->width, row->height);
        figure_entry(m, name, units_seconds(row->times.median, number));
        shown++;
    }
    if (f->ceiling > 0)
        figure_entry(m, "Multiply-adds", units_flops(f->ceiling, number));
    if (f->bandwidth > 0)
        figure_entry(m, "Memory", units_bandwidth(f->bandwidth, number));
    markup_add(m, "</dl>\n");
}

static void cards(markup *m, const bench_figures *results, size_t count) {
    markup_add(m, "<div class=\"cards\">\n");
    for (size_t r = 0; r < count; r++) {
        markup_add(m, "<article class=\"card%s\">\n", count > 1 ? "" : " only");
        if (count > 1) {
            markup_add(m, "<h3>");
            result_name(m, results, count, r);
            markup_add(m, "</h3>\n");
        }
        markup_add(m, "<div class=\"first\">");
        glance(m, &results[r]);
        markup_add(m, "</div>\n<dl class=\"about\">\n");
        details(m, &results[r]);
        markup_add(m, "</dl></article>\n");
    }
    markup_add(m, "</div>\n");
}

/* ---- scores ---- */

static int newest_score(const bench_figures *results, size_t count) {
    int newest = 0;
    for (size_t r = 0; r < count; r++)
        if (results[r].score > 0 && results[r].score_version > newest)
            newest = results[r].score_version;
    return newest;
}

static bool is_compared(const bench_figures *f, int version) { return f->score > 0 && f->score_version == version; }

static void scores(markup *m, const bench_figures *results, size_t count) {
    const int version = newest_score(results, count);
    char number[UNITS_MOST];
    double most = 0;
    size_t others = 0, first = count;
    for (size_t r = 0; r < count; r++) {
        if (is_compared(&results[r], version)) {
            most = fmax(most, results[r].score);
            first = first < r ? first : r;
        } else {
            others++;
        }
    }
    heading(m, "scores", "Scores");
    if (!(most > 0)) {
        markup_add(m, "<p>None of the results has a score.</p>\n");
    } else {
        markup_add(m,
                   "<p class=\"note\">Megapixels of evaluations a second: more is better. Version %d of the "
                   "score.%s</p>\n<ol class=\"scores\">\n",
                   version,
                   others ? " Results without a score, or with one of another version, are not compared." : "");
        for (size_t r = 0; r < count; r++) {
            if (!is_compared(&results[r], version))
                continue;
            markup_add(m, "<li><span class=\"who\">");
            result_name(m, results, count, r);
            markup_add(m, "</span><span class=\"what\"><b>%s</b>", units_plain(results[r].score, number));
            if (r != first)
                markup_add(m, " %s times %c", units_plain(results[r].score / results[first].score, number),
                           result_letter(first));
            markup_add(m,
                       "</span><svg width=\"100%%\" height=\"16\" aria-hidden=\"true\"><rect class=\"%s%s\" "
                       "width=\"%.2f%%\" height=\"16\"/></svg>",
                       result_class(r), figures_doubt(&results[r]) ? " doubt" : "", 100 * results[r].score / most);
            if (figures_doubt(&results[r]))
                markup_put(m, "<small class=\"wrong\">Not reliable: ", figures_doubt(&results[r]), "</small>");
            markup_add(m, "</li>\n");
        }
        markup_add(m, "</ol>\n");
    }
    section_end(m);
}

/* ---- the end ---- */

static void repeat(markup *m, const bench_figures *results, size_t count) {
    heading(m, "repeat", "Measure it again");
    markup_add(
        m, "<p>Close other programs, then:</p>\n<pre>pastiche bench%s --json result.json --report report.html</pre>\n",
        count == 1 && strcmp(results->mode, "quick") == 0 ? " --quick" : "");
    markup_add(m, "<p><code>--device</code> chooses a device, <code>pastiche devices</code> lists them. Results of "
                  "several devices on one page:</p>\n"
                  "<pre>pastiche bench --compare a.json b.json --report report.html</pre>\n"
                  "<p>The score is the geometric mean of the pixels of an evaluation, loss and gradient of the default "
                  "objective with VGG-19, divided by its "
                  "least time, at 512x512 and at 1024x1024. The values of the weights do not change the time, so "
                  "random ones do. Rates are those of direct "
                  "convolution by the median.</p>\n");
    section_end(m);
}

char *bench_page(const bench_figures *results, size_t count, size_t *bytes) {
    markup m = {0};
    begin(&m, results, count);
    markup_add(&m, "<header><p class=\"brand\">pastiche benchmark</p>\n");
    if (count > 1)
        markup_add(&m, "<h1>%zu results compared</h1>", count);
    else
        markup_put(&m, "<h1>", results->device, "</h1>");
    markup_add(&m, "</header>\n<main>\n<section id=\"glance\" aria-label=\"At a glance\">\n");
    cards(&m, results, count);
    section_end(&m);
    if (count > 1)
        scores(&m, results, count);

    heading(&m, "evaluations", "Whole evaluations");
    chart_evaluations(&m, results, count);
    page_evaluations(&m, results, count);
    section_end(&m);

    size_t kernels = 0, descents = 0;
    for (size_t r = 0; r < count; r++) {
        descents += results[r].point_count + results[r].target_count;
        for (size_t i = 0; i < results[r].row_count; i++)
            kernels += results[r].rows[i].kind == FIGURE_CONVOLUTION || results[r].rows[i].kind == FIGURE_KERNEL;
    }
    if (kernels) { /* a quick measurement has none */
        heading(&m, "roofline", "Roofline");
        chart_rooflines(&m, results, count);
        section_end(&m);

        heading(&m, "layers", "Layers and algorithms");
        page_layers(&m, results, count);
        page_kernels(&m, results, count);
        section_end(&m);
    }
    if (descents) {
        heading(&m, "descent", "Time to a given loss");
        chart_descent(&m, results, count);
        page_targets(&m, results, count);
        section_end(&m);
    }

    heading(&m, "spread", "Spread of the figures");
    chart_spreads(&m, results, count);
    section_end(&m);

    heading(&m, "load", "Warm-up and other load");
    markup_add(&m, "<p class=\"note\">Programs are built and run once before the first sample. Other load is the part "
                   "of the processors' time that other "
                   "programs took meanwhile. A processor's own speed is that of multiply-adds for some milliseconds "
                   "between the evaluations: its clock and other guests of a shared machine change it, and no program "
                   "sees them otherwise.</p>\n");
    page_loads(&m, results, count);
    section_end(&m);

    heading(&m, "rows", "All figures");
    page_rows(&m, results, count);
    section_end(&m);

    repeat(&m, results, count);
    markup_add(&m, "</main>\n</body>\n</html>\n");
    if (m.failed)
        markup_free(&m);
    *bytes = m.length;
    return m.text;
}
