#include "cli/bench_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"

#define FORMAT "pastiche bench 1"

static const char *const kinds[] = {"arithmetic", "bandwidth", "convolution", "evaluation"};

bool bench_report_begin(bench_report *report, const pst_device_info *device) {
    static const char *const types[] = {"cpu", "gpu", "other"};
    *report = (bench_report){.title = ""};
    report->root =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I}, s:[]}", "format", FORMAT, "version",
                  pst_version(), "device", "name", device->name, "type", types[device->type], "vendor", device->vendor,
                  "platform", device->platform, "device_version", device->device_version, "driver",
                  device->driver_version, "compute_units", (int)device->compute_units, "clock_mhz",
                  (int)device->clock_mhz, "memory_bytes", (json_int_t)device->memory_bytes, "rows");
    print_line("%s", device->name);
    print_line("%s, %s, driver %s, pastiche %s", device->platform, device->device_version, device->driver_version,
               pst_version());
    return report->root != NULL;
}

/* Half of the distance between the slowest and the fastest, as a part of the median. */
static double spread(const pst_bench_row *row) {
    return row->median_seconds > 0 ? 50 * (row->most_seconds - row->least_seconds) / row->median_seconds : 0;
}

static void head(bench_report *report, const pst_bench_row *row) {
    static const char *const titles[] = {
        "Ceilings                                      rate       median       spread",
        "Ceilings                                      rate       median       spread",
        "Convolutions                         algorithm            GFLOP/s  ceiling  spread",
        "Evaluations, loss and gradient       median    GFLOP/s  ceiling  spread    memory",
    };
    if (strcmp(report->title, titles[row->kind]) == 0)
        return;
    report->title = titles[row->kind];
    printf("\n%s\n", report->title);
}

static void print_row(const pst_bench_row *row) {
    char name[80], bytes[32];
    switch (row->kind) {
    case PST_BENCH_ARITHMETIC:
    case PST_BENCH_BANDWIDTH:
        printf("  %-30s %11.1f %-8s %6.2f ms  +-%5.1f %%\n", row->name, row->rate / 1e9,
               row->kind == PST_BENCH_ARITHMETIC ? "GFLOP/s" : "GB/s", 1e3 * row->median_seconds, spread(row));
        break;
    case PST_BENCH_CONVOLUTION:
        snprintf(name, sizeof name, "%s %s %d>%d%s", row->name, row->backward ? "back" : "fwd", row->c_in, row->c_out,
                 strcmp(row->pool, "none") ? " pool" : "");
        printf("%c %-34s %-18s", row->chosen ? '*' : ' ', name, row->algorithm);
        if (row->problem)
            printf(" %s\n", row->problem);
        else
            printf(" %9.1f  %5.1f %%  +-%4.1f %%\n", row->rate / 1e9, 100 * row->fraction, spread(row));
        break;
    case PST_BENCH_EVALUATION:
        snprintf(name, sizeof name, "%dx%d", row->width, row->height);
        if (row->problem)
            printf("  %-28s %s\n", name, row->problem);
        else
            printf("  %-28s %10.2f ms  %9.1f  %5.1f %%  +-%4.1f %%  %s\n", name, 1e3 * row->median_seconds,
                   row->rate / 1e9, 100 * row->fraction, spread(row), bytes_text(row->device_bytes, bytes));
        break;
    }
    fflush(stdout);
}

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

void bench_report_row(bench_report *report, const pst_bench_row *row) {
    head(report, row);
    print_row(row);
    json_t *entry = json_pack("{s:s, s:s}", "kind", kinds[row->kind], "name", row->name);
    if (row->kind == PST_BENCH_CONVOLUTION) {
        json_object_set_new(entry, "direction", json_string(row->backward ? "backward" : "forward"));
        json_object_set_new(entry, "pool", json_string(row->pool));
        json_object_set_new(entry, "algorithm", json_string(row->algorithm));
        json_object_set_new(entry, "chosen", json_boolean(row->chosen));
        json_object_set_new(entry, "c_in", json_integer(row->c_in));
        json_object_set_new(entry, "c_out", json_integer(row->c_out));
        json_object_set_new(entry, "rows", json_integer(row->rows));
    }
    if (row->kind >= PST_BENCH_CONVOLUTION) {
        json_object_set_new(entry, "width", json_integer(row->width));
        json_object_set_new(entry, "height", json_integer(row->height));
    }
    if (row->problem) {
        json_object_set_new(entry, "problem", json_string(row->problem));
    } else {
        json_object_set_new(entry, "samples", json_integer(row->samples));
        json_object_set_new(entry, "median_seconds", number(row->median_seconds));
        json_object_set_new(entry, "least_seconds", number(row->least_seconds));
        json_object_set_new(entry, "most_seconds", number(row->most_seconds));
        json_object_set_new(entry, row->kind == PST_BENCH_BANDWIDTH ? "bytes_per_second" : "flops", number(row->rate));
        if (row->kind != PST_BENCH_BANDWIDTH)
            json_object_set_new(entry, "fraction", number(row->fraction));
        if (row->kind == PST_BENCH_EVALUATION)
            json_object_set_new(entry, "device_bytes", json_integer((json_int_t)row->device_bytes));
    }
    json_array_append_new(json_object_get(report->root, "rows"), entry);
}

void bench_report_end(bench_report *report) {
    json_decref(report->root);
    report->root = NULL;
}

/* ---- two of them ---- */

static json_t *read_report(const char *path) {
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    const char *format = json_string_value(json_object_get(root, "format"));
    if (root && format && strcmp(format, FORMAT) == 0 && json_is_array(json_object_get(root, "rows")))
        return root;
    complain("%s: is no result of pastiche bench --json%s%s", path, root ? "" : ": ", root ? "" : error.text);
    json_decref(root);
    return NULL;
}

/* Whether two rows measure the same thing. */
static bool same(const json_t *a, const json_t *b) {
    static const char *const keys[] = {"kind", "name",  "direction", "pool",  "algorithm",
                                       "c_in", "c_out", "width",     "height"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *left = json_object_get(a, keys[i]), *right = json_object_get(b, keys[i]);
        if ((left || right) && !json_equal(left, right))
            return false;
    }
    return true;
}

static double rate_of(const json_t *row) {
    const json_t *rate = json_object_get(row, "flops");
    return json_number_value(rate ? rate : json_object_get(row, "bytes_per_second"));
}

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static void print_device(const char *which, const char *path, const json_t *root) {
    const json_t *device = json_object_get(root, "device");
    print_line("%s  %s: %s, driver %s, pastiche %s", which, path, text_of(device, "name"), text_of(device, "driver"),
               text_of(root, "version"));
}

static void print_pair(const json_t *a, const json_t *b) {
    char name[128];
    int width = (int)json_integer_value(json_object_get(a, "width")),
        height = (int)json_integer_value(json_object_get(a, "height"));
    snprintf(name, sizeof name, "%.20s %.8s %.20s", text_of(a, "name"), text_of(a, "direction"),
             text_of(a, "algorithm"));
    if (width)
        snprintf(name + strlen(name), sizeof name - strlen(name), " %dx%d", width, height);
    print_line("  %-48s %10.1f %10.1f  %7.2f", name, rate_of(a) / 1e9, rate_of(b) / 1e9, rate_of(b) / rate_of(a));
}

int bench_compare(const char *first, const char *second) {
    json_t *a = read_report(first), *b = a ? read_report(second) : NULL;
    size_t pairs = 0, i, j;
    json_t *left, *right;
    if (a && b) {
        print_device("A", first, a);
        print_device("B", second, b);
        printf("\n  %-48s %10s %10s  %7s\n", "GFLOP/s, of copy and triad GB/s", "A", "B", "B/A");
        json_array_foreach(json_object_get(a, "rows"), i, left) {
            json_array_foreach(json_object_get(b, "rows"), j, right) {
                if (same(left, right) && rate_of(left) > 0 && rate_of(right) > 0) {
                    print_pair(left, right);
                    pairs++;
                    break;
                }
            }
        }
        if (!pairs)
            complain("%s and %s have nothing in common", first, second);
    }
    json_decref(a);
    json_decref(b);
    return pairs ? EXIT_OK : EXIT_FAILED;
}
