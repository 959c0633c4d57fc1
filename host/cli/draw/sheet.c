/* --sheet: small variants of a run over a grid of two options, in one image to choose from. */
#include "cli/draw/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/draw/sheet_layout.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/options/values.h"
#include "cli/run/inputs.h"
#include "cli/run/run_paint.h"
#include "cli/run/run_plan.h"
#include "cli/run/signals.h"

enum { VALUES_MOST = 32, CELLS_MOST = 256, OPTION_MOST = 64, CAPTION_SIZE = 128 };

/* An option and its values; without an option one variant, the settings as they are. */
typedef struct axis {
    char option[OPTION_MOST]; /* "--style-weight" */
    char **values;            /* owned, as value_list makes it */
    size_t count;
    char captions[VALUES_MOST][CAPTION_SIZE];
} axis;

typedef struct sheet {
    const settings *settings;
    invocation invocation;
    axis columns, rows;
    size_t count, largest; /* of variants; the one that takes the most memory */
    settings *variants;    /* row by row, read from the command line with the variant's options behind it */
    sheet_layout layout;
    pst_image **sources;
    const char **source_names;
    char title[512], about[256];
} sheet;

/* ---- the variants ---- */

static bool read_axis(axis *a, const char *given, const char *text) {
    const char *name = text + strspn(text, "-"), *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : 0;
    if (!equals || length == 0 || length + 3 > sizeof a->option) {
        complain("%s \"%s\": must be an option and its values, such as style-weight=10,100,1000", given, text);
        return false;
    }
    snprintf(a->option, sizeof a->option, "--%.*s", (int)length, name);
    for (char *c = a->option; *c; c++)
        *c = *c == '_' ? '-' : *c;
    const option *o = option_find(a->option + 2, &command_table[COMMAND_RUN]);
    if (!o || !o->value || strncmp(a->option + 2, "sheet", 5) == 0) {
        complain("%s \"%s\": %s is no option of a run that takes a value", given, text, a->option);
        return false;
    }
    a->values = value_list(equals + 1, &a->count);
    if (!a->values || a->count > VALUES_MOST) {
        complain("%s \"%s\": must have 1 to %d values with commas between", given, text, VALUES_MOST);
        return false;
    }
    for (size_t i = 0; i < a->count; i++)
        snprintf(a->captions[i], sizeof a->captions[i], "%s %s", a->option, a->values[i]);
    return true;
}

/* Two digits, which is what anyone would type. */
static double rounded(double value) {
    char text[32];
    snprintf(text, sizeof text, "%.1e", value);
    return strtod(text, NULL);
}

/* Unless told otherwise, style weights in steps of the root of 10 around the one that is set ... */
static bool choose_columns(sheet *p) {
    const settings *s = p->settings;
    char text[256] = "style-weight=";
    double middle = s->transfer.style_weight > 0 ? s->transfer.style_weight : 100;
    for (int i = -2; i <= 2; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%.10g", i > -2 ? "," : "",
                 i ? rounded(middle * pow(10, i / 2.)) : middle);
    }
    return read_axis(&p->columns, "--sheet-columns", s->sheet_columns ? s->sheet_columns : text);
}

/* ... and the two starts, but where the user gave an image for it. */
static bool choose_rows(sheet *p) {
    const settings *s = p->settings;
    if (s->sheet_rows || (s->start != START_FILE && strcmp(p->columns.option, "--start") != 0))
        return read_axis(&p->rows, "--sheet-rows", s->sheet_rows ? s->sheet_rows : "start=content,noise");
    p->rows.count = 1;
    return true;
}

/* Whether an option of both runs has the same value. */
static bool same_value(const settings *a, const settings *b, const option *o) {
    char first[VALUE_TEXT_MOST] = "", second[VALUE_TEXT_MOST] = "";
    option_value(a, o, first, sizeof first);
    option_value(b, o, second, sizeof second);
    return strcmp(first, second) == 0;
}

/* Whether two runs differ in nothing that changes the result. */
static bool same_run(const settings *a, const settings *b) {
    bool same = a->start == b->start && (a->start != START_FILE || strcmp(a->start_file, b->start_file) == 0);
    for (const option *o = option_table; same && o < option_table + option_table_size; o++)
        if (option_is_of(o, a->command) && (option_changes_result(o) || o->offset == offsetof(settings, model)))
            same = same_value(a, b, o);
    return same && a->transfer.pixels_256 == b->transfer.pixels_256 && /* which presets set */
           a->transfer.adam_epsilon_first == b->transfer.adam_epsilon_first;
}

static bool read_variant(const sheet *p, settings *variant, const axis *column, size_t c, const axis *row, size_t r) {
    char size[16], iterations[16];
    char *more[10] = {"--image-size", size, "--iterations", iterations, "--save-iter", "0"};
    int count = 6;
    snprintf(size, sizeof size, "%d", p->settings->sheet_size);
    snprintf(iterations, sizeof iterations, "%d", p->settings->sheet_iterations);
    if (column && column->values) {
        more[count++] = (char *)column->option;
        more[count++] = column->values[c];
    }
    if (row && row->values) {
        more[count++] = (char *)row->option;
        more[count++] = row->values[r];
    }
    bool good = options_read_with(variant, p->settings, count, more);
    variant->output = p->settings->sheet;
    return good;
}

/* The command line is read anew for each, so that it is the very run which the caption's options make. */
static int read_variants(sheet *p) {
    settings given = {0};
    if (!choose_columns(p) || !choose_rows(p))
        return EXIT_USAGE;
    size_t columns = p->columns.count, count = columns * p->rows.count;
    if (count > CELLS_MOST) {
        complain("--sheet: %zu variants; more than %d are too many", count, CELLS_MOST);
        return EXIT_USAGE;
    }
    p->variants = calloc(count, sizeof *p->variants);
    p->layout.cells = calloc(count, sizeof *p->layout.cells);
    if (!p->variants || !p->layout.cells) {
        complain("no memory left");
        return EXIT_FAILED;
    }
    bool good = read_variant(p, &given, NULL, 0, NULL, 0);
    for (size_t i = 0; good && i < count; i++) {
        size_t c = i % columns, r = i / columns;
        settings *variant = &p->variants[p->count++];
        good = read_variant(p, variant, &p->columns, c, &p->rows, r);
        p->layout.cells[i] = (sheet_cell){
            .options = {p->columns.captions[c], p->rows.values ? p->rows.captions[r] : NULL},
            .as_given = good && same_run(variant, &given),
        };
    }
    options_free(&given);
    p->layout.columns = (int)columns;
    p->layout.rows = (int)p->rows.count;
    return good ? EXIT_OK : EXIT_USAGE;
}

/* ---- before the first run ---- */

static pst_status shrink(sheet *p, const char *path, pst_image **shrunk) {
    pst_context *context = p->invocation.context;
    pst_image *image;
    pst_status status = pst_image_read(context, path, &image);
    if (status == PST_OK) {
        double width = pst_image_width(image), height = pst_image_height(image);
        double scale = fmin(p->layout.width / width, p->layout.height / height);
        int w = (int)(width * scale + .5), h = (int)(height * scale + .5);
        status = pst_image_resize(context, image, w < 1 ? 1 : w, h < 1 ? 1 : h, shrunk);
    }
    pst_image_destroy(image);
    return status;
}

/* The images that the sheet is made from, as many as there is room for. */
static int show_sources(sheet *p) {
    const settings *s = p->settings;
    int all = 1, shown = 0, count;
    for (size_t i = 0; i < s->style_count; i++)
        all += !pst_style_recognize(s->styles[i]); /* those have no images */
    count = all < SHEET_SOURCES_MOST ? all : SHEET_SOURCES_MOST;
    p->sources = calloc((size_t)count, sizeof *p->sources);
    p->source_names = calloc((size_t)count, sizeof *p->source_names);
    if (!p->sources || !p->source_names)
        return invocation_failed(&p->invocation, PST_ERROR_MEMORY);
    p->layout.source_count = count;
    for (size_t i = 0; i <= s->style_count && shown < count; i++) {
        const char *path = i == 0 ? s->content : s->styles[i - 1];
        if (i > 0 && pst_style_recognize(path))
            continue;
        pst_status status = shrink(p, path, &p->sources[shown]);
        if (status != PST_OK)
            return invocation_failed(&p->invocation, status);
        p->source_names[shown++] = file_name(path);
    }
    snprintf(p->title, sizeof p->title, "%s in the style of %s%s", file_name(s->content), file_name(s->styles[0]),
             s->style_count > 1 ? " and others" : "");
    snprintf(p->about, sizeof p->about, "%zu variants of %d pixels and %d iteration%s each, with the network %s.",
             p->count, s->sheet_size, s->sheet_iterations, plural((size_t)s->sheet_iterations),
             file_name(p->invocation.model));
    p->layout.title = p->title;
    p->layout.lines[0] = p->about;
    bool framed = false;
    for (size_t i = 0; i < p->count; i++)
        framed = framed || p->layout.cells[i].as_given;
    p->layout.lines[1] = framed ? "Add what stands below a variant to the command for an image like it; the framed one "
                                  "is the command as it is."
                                : "Add what stands below a variant to the command for an image like it.";
    p->layout.sources = p->sources;
    p->layout.source_names = p->source_names;
    p->layout.sources_left_out = all - count;
    return EXIT_OK;
}

/* Each value of each axis once. */
static int check_variants(sheet *p) {
    uint64_t most = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (i >= p->columns.count && i % p->columns.count != 0)
            continue;
        run r;
        progress_wait(&p->invocation.report, "checking the images");
        int code = run_prepare(&r, &p->invocation, &p->variants[i]);
        if (code == EXIT_OK)
            code = run_check_plan(&r);
        if (code == EXIT_OK) {
            const pst_plan *plan = pst_job_plan(r.job);
            p->layout.width = plan->width > p->layout.width ? plan->width : p->layout.width;
            p->layout.height = plan->height > p->layout.height ? plan->height : p->layout.height;
            p->largest = plan->device_bytes > most ? i : p->largest;
            most = plan->device_bytes > most ? plan->device_bytes : most;
        }
        run_end(&r);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* ---- the runs ---- */

static int write_sheet(sheet *p) {
    pst_image *image;
    pst_status status = sheet_layout_draw(&p->layout, p->invocation.context, &image);
    if (status == PST_OK)
        status = image_write(p->invocation.context, p->settings, image, p->settings->sheet, NULL);
    pst_image_destroy(image);
    return status == PST_OK ? EXIT_OK : invocation_failed(&p->invocation, status);
}

static int paint_variant(sheet *p, size_t i) {
    sheet_cell *cell = &p->layout.cells[i];
    char title[2 * CAPTION_SIZE + 64];
    run r;
    snprintf(title, sizeof title, "%s%s%s", cell->options[0], cell->options[1] ? " " : "",
             cell->options[1] ? cell->options[1] : "");
    int code = run_prepare(&r, &p->invocation, &p->variants[i]);
    if (code == EXIT_OK && !signals_caught()) {
        r.title = title;
        r.result = &cell->image;
        code = run_paint(&r);
        if (r.stopped) { /* it is not what its caption says */
            pst_image_destroy(cell->image);
            cell->image = NULL;
        }
    }
    run_end(&r);
    if (code != EXIT_OK && !signals_caught())
        cell->missing = "failed";
    return code;
}

/* The sheet is written after each variant: who looks at it early may have seen enough. */
static int paint_variants(sheet *p) {
    int code = EXIT_OK;
    progress *report = &p->invocation.report;
    report->items = (int)p->count;
    signals_catch(report->terminal);
    for (size_t i = 0; i < p->count && !signals_caught(); i++) {
        report->item = (int)i + 1;
        if (paint_variant(p, i) != EXIT_OK)
            code = EXIT_FAILED;
        if (p->invocation.status == PST_ERROR_DEVICE || p->invocation.status == PST_ERROR_DEVICE_MEMORY)
            break;
        if (!signals_caught() && write_sheet(p) != EXIT_OK)
            return EXIT_FAILED;
    }
    size_t painted = 0;
    for (size_t i = 0; i < p->count; i++)
        painted += p->layout.cells[i].image != NULL;
    progress_say(report, "%s: %zu of %zu variants", p->settings->sheet, painted, p->count);
    return signals_caught() ? EXIT_SIGNAL + signals_caught() : code;
}

static int prepare(sheet *p) {
    const settings *s = p->settings;
    invocation *w = &p->invocation;
    int code = run_check_names(w, &p->variants[0]);
    if (code == EXIT_OK)
        code = invocation_open(w);
    if (code == EXIT_OK)
        code = run_check_output(w, &p->variants[0]);
    if (code == EXIT_OK)
        code = check_variants(p);
    if (code == EXIT_OK && !s->plan)
        code = show_sources(p);
    progress_clear(&w->report);
    return code;
}

/* The plan of the variant that takes the most. */
static int print_plan(sheet *p) {
    run r;
    int code = run_prepare(&r, &p->invocation, &p->variants[p->largest]);
    if (code == EXIT_OK)
        code = run_plan(&r);
    run_end(&r);
    return code;
}

int sheet_command(const settings *s) {
    sheet p = {.settings = s};
    int code = run_check_single(s);
    if (code == EXIT_OK)
        code = read_variants(&p);
    if (code == EXIT_OK)
        code = invocation_begin(&p.invocation, &p.variants[0]);
    if (code == EXIT_OK) {
        p.invocation.runs = (int)p.count;
        code = prepare(&p);
    }
    if (code == EXIT_OK)
        code = s->plan ? print_plan(&p) : paint_variants(&p);
    for (size_t i = 0; i < p.count; i++) {
        pst_image_destroy(p.layout.cells[i].image);
        options_free(&p.variants[i]);
    }
    for (int i = 0; p.sources && i < p.layout.source_count; i++)
        pst_image_destroy(p.sources[i]);
    free(p.sources);
    free(p.source_names);
    free(p.variants);
    free(p.layout.cells);
    free(p.columns.values);
    free(p.rows.values);
    invocation_end(&p.invocation);
    return code;
}
