#include "cli/bench/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options/complain.h"

#define FORMAT "pastiche bench 2"

static const char *const kinds[] = {"arithmetic", "bandwidth", "convolution", "evaluation", "kernel"};

/* ---- made ---- */

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }
static json_t *text_or_null(const char *text) { return text && *text ? json_string(text) : json_null(); }
static void set(json_t *object, const char *key, json_t *value) { json_object_set_new(object, key, value); }

static json_t *date_now(void) {
    char text[32] = "";
    time_t now = time(NULL);
    struct tm *utc = gmtime(&now);
    if (utc)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", utc);
    return json_string(text);
}

static json_t *machine_now(void) {
    pst_machine_info machine;
    pst_machine(&machine);
    return json_pack("{s:s, s:i, s:s, s:s, s:I}", "processor", machine.processor, "threads", machine.threads,
                     "architecture", machine.architecture, "system", machine.system, "memory_bytes",
                     (json_int_t)machine.memory_bytes);
}

static json_t *device_of(const pst_context *context) {
    static const char *const types[] = {"cpu", "gpu", "other"};
    pst_device_info device;
    pst_context_device(context, &device);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I}", "name", device.name, "type", types[device.type],
                     "vendor", device.vendor, "platform", device.platform, "device_version", device.device_version,
                     "driver", device.driver_version, "compute_units", (int)device.compute_units, "clock_mhz",
                     (int)device.clock_mhz, "memory_bytes", (json_int_t)device.memory_bytes);
}

json_t *bench_result_begin(const pst_context *context, const bench_about *about) {
    json_t *network = json_pack("{s:s}", "name", about->network);
    set(network, "sha256", text_or_null(about->sha256));
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:I, s:[]}", "format", FORMAT, "version", pst_version(),
                     "date", date_now(), "mode", about->quick ? "quick" : "full", "machine", machine_now(), "device",
                     device_of(context), "network", network, "choices", (json_int_t)about->choices, "rows");
}

/* Where it was not measured there is no such member. */
static void speed_into(json_t *root, const pst_score *s) {
    if (s->speed_pulses > 0)
        set(root, "speed",
            json_pack("{s:i, s:f, s:f, s:f, s:[f, f], s:f}", "pulses", s->speed_pulses, "best_flops", s->speed_best,
                      "median_flops", s->speed_median, "least_flops", s->speed_least, "half_flops", s->speed_half[0],
                      s->speed_half[1], "varied", s->speed_varied));
}

void bench_result_score(json_t *root, const pst_score *score) {
    json_t *sizes = json_array();
    for (size_t i = 0; i < PST_SCORE_SIZES && score->value > 0; i++) {
        const pst_score_size *s = &score->sizes[i];
        json_t *size = json_pack("{s:i, s:i}", "size", s->size, "rounds", s->rounds);
        set(size, "least_seconds", number(s->least_seconds));
        set(size, "median_seconds", number(s->median_seconds));
        set(size, "most_seconds", number(s->most_seconds));
        set(size, "third_seconds", number(s->third_seconds));
        set(size, "half_seconds", json_pack("[f, f]", s->half_seconds[0], s->half_seconds[1]));
        set(size, "megapixels_per_second", number(1e-6 * s->size * s->size / s->least_seconds));
        json_array_append_new(sizes, size);
    }
    json_t *made = json_pack("{s:i}", "version", PST_SCORE_VERSION);
    set(made, "value", score->value > 0 ? number(score->value) : json_null());
    set(made, "unit", json_string("megapixels of evaluations a second"));
    set(made, "sizes", sizes);
    set(made, "reliable", json_boolean(score->reliable));
    set(made, "reason", text_or_null(score->reason));
    set(root, "score", made);

    set(root, "kernels", json_string(score->cpu_kernels ? "cpu" : "gpu"));
    json_t *load = json_pack("{s:b}", "known", score->other_load >= 0);
    set(load, "other", score->other_load >= 0 ? number(score->other_load) : json_null());
    set(root, "load", load);
    speed_into(root, score);
    json_t *warm_up = json_pack("{s:i}", "evaluations", score->warm_up_evaluations);
    set(warm_up, "seconds", number(score->warm_up_seconds));
    set(root, "warm_up", warm_up);
}

void bench_result_descent(json_t *root, const bench_descent *descent) {
    json_t *points = json_array(), *targets = json_array();
    for (int i = 0; i < descent->count; i++) {
        const bench_descent_point *p = &descent->points[i];
        json_array_append_new(
            points, json_pack("{s:i, s:f, s:f}", "evaluations", i + 1, "seconds", p->seconds, "loss", p->loss));
    }
    for (int i = 0; i < BENCH_TARGETS; i++) {
        int reached = bench_descent_reaches(descent, bench_targets[i]);
        json_t *target = json_pack("{s:f}", "part", bench_targets[i]);
        set(target, "seconds", reached ? number(descent->points[reached - 1].seconds) : json_null());
        set(target, "evaluations", reached ? json_integer(reached) : json_null());
        json_array_append_new(targets, target);
    }
    set(root, "descent",
        json_pack("{s:i, s:o, s:o}", "size", BENCH_DESCENT_SIZE, "points", points, "targets", targets));
}

static void set_if(json_t *object, const char *key, double value) {
    if (value > 0)
        set(object, key, number(value));
}

void bench_result_row(json_t *root, const pst_bench_row *row) {
    json_t *entry = json_pack("{s:s, s:s}", "kind", kinds[row->kind], "name", row->name);
    if (row->kind == PST_BENCH_CONVOLUTION) {
        set(entry, "direction", json_string(row->backward ? "backward" : "forward"));
        set(entry, "pool", json_string(row->pool));
        set(entry, "algorithm", json_string(row->algorithm));
        set(entry, "chosen", json_boolean(row->chosen));
        set(entry, "c_out", json_integer(row->c_out));
        set(entry, "rows", json_integer(row->rows));
    }
    if (row->kind == PST_BENCH_CONVOLUTION || row->kind == PST_BENCH_KERNEL)
        set(entry, "c_in", json_integer(row->c_in));
    if (row->kind >= PST_BENCH_CONVOLUTION) {
        set(entry, "width", json_integer(row->width));
        set(entry, "height", json_integer(row->height));
    }
    if (row->problem) {
        set(entry, "problem", json_string(row->problem));
    } else {
        set(entry, "samples", json_integer(row->samples));
        set(entry, "median_seconds", number(row->median_seconds));
        set(entry, "least_seconds", number(row->least_seconds));
        set(entry, "most_seconds", number(row->most_seconds));
        set(entry, row->kind == PST_BENCH_BANDWIDTH ? "bytes_per_second" : "flops", number(row->rate));
        if (row->kind != PST_BENCH_BANDWIDTH)
            set(entry, "fraction", number(row->fraction));
        if (row->kind == PST_BENCH_EVALUATION)
            set(entry, "device_bytes", json_integer((json_int_t)row->device_bytes));
        set_if(entry, "work", row->work);
        set_if(entry, "arithmetic", row->arithmetic);
        set_if(entry, "bytes", row->bytes);
    }
    json_array_append_new(json_object_get(root, "rows"), entry);
}

/* The arithmetic ceiling is among the rows. */
void bench_result_score_rows(json_t *root, const pst_score *score) {
    double ceiling = 0;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), i, row) {
        if (strcmp(bench_result_string(row, "kind"), kinds[PST_BENCH_ARITHMETIC]) == 0)
            ceiling = bench_result_rate(row) * bench_result_number(row, "median_seconds") /
                      bench_result_number(row, "least_seconds");
    }
    for (i = 0; i < PST_SCORE_SIZES && score->value > 0; i++) {
        const pst_score_size *s = &score->sizes[i];
        double rate = s->work / s->median_seconds;
        bench_result_row(root, &(pst_bench_row){.kind = PST_BENCH_EVALUATION,
                                                .name = "evaluation",
                                                .width = s->size,
                                                .height = s->size,
                                                .samples = s->rounds,
                                                .median_seconds = s->median_seconds,
                                                .least_seconds = s->least_seconds,
                                                .most_seconds = s->most_seconds,
                                                .rate = rate,
                                                .fraction = ceiling > 0 ? rate / ceiling : 0,
                                                .work = s->work,
                                                .device_bytes = s->device_bytes});
    }
}

char *bench_result_text(const json_t *root) {
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    size_t length = text ? strlen(text) : 0;
    char *longer = text ? realloc(text, length + 2) : NULL;
    if (longer)
        memcpy(longer + length, "\n", 2);
    else
        free(text);
    return longer;
}

/* ---- read ---- */

const char *bench_result_string(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

double bench_result_number(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

bool bench_result_same(const json_t *a, const json_t *b) {
    static const char *const keys[] = {"kind", "name",  "direction", "pool",  "algorithm",
                                       "c_in", "c_out", "width",     "height"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *left = json_object_get(a, keys[i]), *right = json_object_get(b, keys[i]);
        if ((left || right) && !json_equal(left, right))
            return false;
    }
    return true;
}

double bench_result_rate(const json_t *row) {
    const json_t *rate = json_object_get(row, "flops");
    return json_number_value(rate ? rate : json_object_get(row, "bytes_per_second"));
}
