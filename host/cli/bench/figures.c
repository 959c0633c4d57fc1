#include "cli/bench/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "package/printable.h"

#define SECONDS_MOST 1e7
#define AMOUNT_MOST 1e19 /* of operations, bytes, rates */
#define LEAST 1e-12      /* of what is not zero: products and ratios of a few stay finite */

static const char *const kinds[FIGURE_KINDS] = {"arithmetic", "bandwidth", "convolution", "kernel", "evaluation"};

/* A text that fills its place ends with "...". */
static void take_text(const json_t *from, const char *key, char *text, size_t capacity) {
    const char *value = json_string_value(json_object_get(from, key));
    int length = snprintf(text, capacity, "%s", value ? value : "");
    pst_make_printable(text, capacity);
    if (length >= (int)capacity) {
        size_t end = strlen(text) - 3;
        while (end > 0 && (text[end] & 0xC0) == 0x80) /* within a character */
            end--;
        memcpy(text + end, "...", 4);
    }
}

#define TAKE_TEXT(from, key, member) take_text(from, key, member, sizeof(member))

static double number(const json_t *from, const char *key, double most) {
    const json_t *value = json_object_get(from, key);
    double number = json_number_value(value);
    return json_is_number(value) && number >= 0 && number <= most ? number : NAN;
}

/* What cannot be zero, nor next to it. */
static double positive(const json_t *from, const char *key, double most) {
    double value = number(from, key, most);
    return value >= LEAST ? value : NAN;
}

static int count(const json_t *from, const char *key) {
    double value = number(from, key, 1e9);
    return isnan(value) ? 0 : (int)value;
}

static bool is_true(const json_t *from, const char *key) { return json_is_true(json_object_get(from, key)); }

static figure_times take_times(const json_t *from, const char *samples) {
    figure_times times = {.samples = count(from, samples),
                          .least = positive(from, "least_seconds", SECONDS_MOST),
                          .median = positive(from, "median_seconds", SECONDS_MOST),
                          .most = positive(from, "most_seconds", SECONDS_MOST)};
    if (!(times.least <= times.median && times.median <= times.most))
        times.least = times.most = NAN;
    return times;
}

/* Results of the first format lack what follows from the shape: every map and filter moved once. */
static void complete_convolution(figure_row *row) {
    double pixels = (double)row->width * row->rows, pooled = strcmp(row->pool, "none") == 0 ? 1 : 0.25;
    double filters = 9.0 * row->c_in * row->c_out;
    if (isnan(row->work) && pixels * filters > 0)
        row->work = 2 * filters * pixels;
    if (isnan(row->bytes) && pixels * filters > 0)
        row->bytes = 4 * (filters +
                          pixels * (row->backward ? pooled * row->c_in + row->c_out : row->c_in + pooled * row->c_out));
}

static bool take_row(const json_t *from, figure_row *row) {
    const char *kind = json_string_value(json_object_get(from, "kind"));
    *row = (figure_row){.kind = FIGURE_KINDS};
    for (int k = 0; kind && k < FIGURE_KINDS; k++)
        if (strcmp(kind, kinds[k]) == 0)
            row->kind = (figure_kind)k;
    if (row->kind == FIGURE_KINDS)
        return false;
    TAKE_TEXT(from, "name", row->name);
    TAKE_TEXT(from, "algorithm", row->algorithm);
    TAKE_TEXT(from, "pool", row->pool);
    TAKE_TEXT(from, "problem", row->problem);
    const char *direction = json_string_value(json_object_get(from, "direction"));
    row->backward = direction && strcmp(direction, "backward") == 0;
    row->chosen = is_true(from, "chosen");
    row->width = count(from, "width");
    row->height = count(from, "height");
    row->rows = count(from, "rows");
    row->c_in = count(from, "c_in");
    row->c_out = count(from, "c_out");
    row->times = take_times(from, "samples");
    row->rate = positive(from, row->kind == FIGURE_BANDWIDTH ? "bytes_per_second" : "flops", AMOUNT_MOST);
    row->work = positive(from, "work", AMOUNT_MOST);
    row->bytes = positive(from, "bytes", AMOUNT_MOST);
    row->arithmetic = positive(from, "arithmetic", AMOUNT_MOST);
    row->device_bytes = positive(from, "device_bytes", AMOUNT_MOST);
    if (row->kind == FIGURE_CONVOLUTION)
        complete_convolution(row);
    return true;
}

/* By the least time: a ceiling is what the device can do, not what it was kept from. */
static double rate_at_best(const figure_row *row) {
    if (!(row->rate > 0 && row->times.least > 0))
        return row->rate;
    return fmin(row->rate * (row->times.median / row->times.least), AMOUNT_MOST);
}

static bool take_rows(bench_figures *f, const json_t *rows) {
    size_t most = json_array_size(rows);
    if (most > FIGURES_ROWS_MOST) {
        complain("%s: has %zu rows, more than a benchmark measures (%d)", f->label, most, FIGURES_ROWS_MOST);
        return false;
    }
    f->rows = calloc(most + 1, sizeof *f->rows);
    if (!f->rows) {
        complain("no memory left");
        return false;
    }
    size_t rates = 0;
    for (size_t i = 0; i < most; i++) {
        figure_row *row = &f->rows[f->row_count];
        if (!take_row(json_array_get(rows, i), row))
            continue;
        f->row_count++;
        rates += row->rate > 0;
        const double best = rate_at_best(row);
        if (row->kind == FIGURE_ARITHMETIC)
            f->ceiling = fmax(f->ceiling, best);
        if (row->kind == FIGURE_BANDWIDTH && !(best <= f->bandwidth) && best > 0) {
            f->bandwidth = best;
            memcpy(f->bandwidth_name, row->name, sizeof row->name);
        }
    }
    for (size_t i = 0; i < f->row_count; i++)
        f->rows[i].fraction = f->rows[i].kind == FIGURE_BANDWIDTH ? NAN : f->rows[i].rate / f->ceiling;
    if (!rates)
        complain("%s: has no figure that can be shown", f->label);
    return rates > 0;
}

static void take_score(bench_figures *f, const json_t *score) {
    const json_t *sizes = json_object_get(score, "sizes");
    f->score = positive(score, "value", AMOUNT_MOST);
    f->score_version = count(score, "version");
    f->score_reliable = is_true(score, "reliable");
    TAKE_TEXT(score, "reason", f->score_reason);
    for (size_t i = 0; i < json_array_size(sizes) && f->size_count < FIGURES_SIZES; i++) {
        const json_t *from = json_array_get(sizes, i);
        figure_size *size = &f->sizes[f->size_count];
        *size = (figure_size){.size = count(from, "size"),
                              .times = take_times(from, "rounds"),
                              .megapixels = positive(from, "megapixels_per_second", AMOUNT_MOST)};
        f->size_count += size->size > 0 && size->times.median > 0;
    }
}

/* The loss becomes a part of the first one. Points go forward in time. */
static void take_descent(bench_figures *f, const json_t *descent) {
    const json_t *points = json_object_get(descent, "points"), *targets = json_object_get(descent, "targets");
    size_t every = json_array_size(points) / FIGURES_POINTS + 1;
    double first = NAN;
    f->descent_size = count(descent, "size");
    for (size_t i = 0; i < json_array_size(points); i += every) {
        const json_t *from = json_array_get(points, i);
        figure_point point = {number(from, "evaluations", 1e9), number(from, "seconds", SECONDS_MOST),
                              positive(from, "loss", AMOUNT_MOST)};
        if (isnan(first))
            first = point.loss;
        point.loss /= first;
        if (point.loss > 0 && point.loss <= 1e6 &&
            point.seconds >= (f->point_count ? f->points[f->point_count - 1].seconds : 0))
            f->points[f->point_count++] = point;
    }
    for (size_t i = 0; i < json_array_size(targets) && f->target_count < FIGURES_TARGETS; i++) {
        const json_t *from = json_array_get(targets, i);
        figure_point target = {number(from, "evaluations", 1e9), number(from, "seconds", SECONDS_MOST),
                               positive(from, "part", 1)};
        if (target.loss > 0)
            f->targets[f->target_count++] = target;
    }
}

/* A processor by the kernels for GPUs is not the device that it is by its own. */
static void tell_kernels_apart(bench_figures *f, const json_t *root) {
    static const char more[] = ", kernels for GPUs";
    char kernels[FIGURES_TEXT];
    TAKE_TEXT(root, "kernels", kernels);
    if (strcmp(kernels, "gpu") == 0 && strcmp(f->type, "cpu") == 0 &&
        strlen(f->device) + sizeof more <= sizeof f->device)
        strcat(f->device, more);
}

bool figures_read(bench_figures *f, const json_t *root, const char *label) {
    const json_t *device = json_object_get(root, "device"), *machine = json_object_get(root, "machine"),
                 *network = json_object_get(root, "network"), *warm_up = json_object_get(root, "warm_up"),
                 *load = json_object_get(root, "load"), *speed = json_object_get(root, "speed");
    *f = (bench_figures){.ceiling = NAN, .bandwidth = NAN};
    snprintf(f->label, sizeof f->label, "%s", label);
    pst_make_printable(f->label, sizeof f->label);
    TAKE_TEXT(root, "version", f->version);
    TAKE_TEXT(root, "date", f->date);
    TAKE_TEXT(root, "mode", f->mode);
    TAKE_TEXT(device, "name", f->device);
    if (!f->device[0])
        strcpy(f->device, "a device without a name");
    TAKE_TEXT(device, "type", f->type);
    tell_kernels_apart(f, root);
    TAKE_TEXT(device, "vendor", f->vendor);
    TAKE_TEXT(device, "platform", f->platform);
    TAKE_TEXT(device, "device_version", f->device_version);
    TAKE_TEXT(device, "driver", f->driver);
    f->units = count(device, "compute_units");
    f->clock_mhz = count(device, "clock_mhz");
    f->device_memory = positive(device, "memory_bytes", AMOUNT_MOST);
    TAKE_TEXT(machine, "processor", f->processor);
    TAKE_TEXT(machine, "architecture", f->architecture);
    TAKE_TEXT(machine, "system", f->system);
    f->threads = count(machine, "threads");
    f->memory = positive(machine, "memory_bytes", AMOUNT_MOST);
    TAKE_TEXT(network, "name", f->network);
    TAKE_TEXT(network, "sha256", f->network_sha256);
    f->warm_up_seconds = number(warm_up, "seconds", SECONDS_MOST);
    f->warm_up_evaluations = count(warm_up, "evaluations");
    f->load_known = is_true(load, "known");
    f->load_other = number(load, "other", 1e6);
    f->choices = count(root, "choices");
    f->speed_best = positive(speed, "best_flops", AMOUNT_MOST);
    f->speed_median = positive(speed, "median_flops", AMOUNT_MOST);
    f->speed_varied = number(speed, "varied", 1);
    take_score(f, json_object_get(root, "score"));
    take_descent(f, json_object_get(root, "descent"));
    bool good = take_rows(f, json_object_get(root, "rows"));
    if (!good)
        figures_free(f);
    return good;
}

void figures_free(bench_figures *f) {
    free(f->rows);
    f->rows = NULL;
    f->row_count = 0;
}

bool figures_same_product(const figure_row *a, const figure_row *b) {
    return a->kind == b->kind && a->backward == b->backward && a->width == b->width && a->height == b->height &&
           a->c_in == b->c_in && a->c_out == b->c_out && strcmp(a->name, b->name) == 0 && strcmp(a->pool, b->pool) == 0;
}

bool figures_same_row(const figure_row *a, const figure_row *b) {
    return figures_same_product(a, b) && strcmp(a->algorithm, b->algorithm) == 0;
}

bool figures_is_slower(const figure_row *row, const figure_row *than) {
    return row->rate > 0 && than->rate > FIGURES_FASTER * row->rate;
}

const figure_row *figures_fastest(const bench_figures *f, const figure_row *product) {
    const figure_row *fastest = NULL;
    for (size_t i = 0; i < f->row_count; i++)
        if (figures_same_product(&f->rows[i], product) && f->rows[i].rate > (fastest ? fastest->rate : 0))
            fastest = &f->rows[i];
    return fastest;
}

/* Each product is counted at the algorithm that is chosen for it. */
figure_missed figures_missed(const bench_figures *f) {
    figure_missed missed = {0};
    for (size_t i = 0; i < f->row_count; i++) {
        const figure_row *row = &f->rows[i], *fastest;
        if (row->kind != FIGURE_CONVOLUTION || !row->chosen || !(row->rate > 0))
            continue;
        missed.products++;
        fastest = figures_fastest(f, row);
        if (!figures_is_slower(row, fastest))
            continue;
        missed.slower++;
        if (!missed.worst || fastest->rate / row->rate > missed.gain) {
            missed.gain = fastest->rate / row->rate;
            missed.worst = fastest;
        }
    }
    return missed;
}

const char *figures_doubt(const bench_figures *f) {
    if (isnan(f->score) || f->score_reliable)
        return NULL;
    return f->score_reason[0] ? f->score_reason : "the file does not say why";
}
