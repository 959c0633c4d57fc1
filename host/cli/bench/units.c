#include "cli/bench/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char *missing(char text[UNITS_MOST]) { return strcpy(text, "-"); }

/* So many significant digits, without an exponent where people read it without one. */
static char *digits(double value, int significant, char text[UNITS_MOST]) {
    if (!isfinite(value))
        return missing(text);
    double size = fabs(value);
    if (size > 0 && (size < 1e-4 || size >= 1e7)) {
        snprintf(text, UNITS_MOST, "%.*e", significant - 1, value);
    } else {
        int before = size >= 1 ? (int)floor(log10(size)) + 1 : size > 0 ? (int)floor(log10(size)) + 1 : 1;
        snprintf(text, UNITS_MOST, "%.*f", significant > before ? significant - before : 0, value);
    }
    return text;
}

/* The largest unit of which there is at least one. Factors fall; the last one stands for everything below. */
typedef struct unit {
    double factor;
    const char *name;
} unit;

static char *with_unit(double value, const unit *units, int significant, char text[UNITS_MOST]) {
    if (!isfinite(value))
        return missing(text);
    while (units[1].name && fabs(value) < units->factor * 0.99995)
        units++;
    digits(value / units->factor, significant, text);
    size_t length = strlen(text);
    snprintf(text + length, UNITS_MOST - length, " %s", units->name);
    return text;
}

static char *tick(double value, double factor, const char *name, char text[UNITS_MOST]) {
    snprintf(text, UNITS_MOST, "%.6g%s", value / factor, name);
    return text;
}

static const unit seconds[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "\302\265s"}, {1e-9, "ns"}, {0, NULL}};
static const unit flops[] = {{1e12, "TFLOP/s"}, {1e9, "GFLOP/s"}, {1e6, "MFLOP/s"}, {0, NULL}};
static const unit bandwidth[] = {{1e12, "TB/s"}, {1e9, "GB/s"}, {1e6, "MB/s"}, {0, NULL}};
static const unit bytes[] = {
    {1099511627776.0, "TiB"}, {1073741824, "GiB"}, {1048576, "MiB"}, {1024, "KiB"}, {1, "bytes"}, {0, NULL}};

char *units_plain(double value, char text[UNITS_MOST]) { return digits(value, 4, text); }
char *units_count(double value, char text[UNITS_MOST]) {
    snprintf(text, UNITS_MOST, "%.0f", value);
    return isfinite(value) ? text : missing(text);
}

char *units_seconds(double value, char text[UNITS_MOST]) { return with_unit(value, seconds, 4, text); }
char *units_flops(double value, char text[UNITS_MOST]) { return with_unit(value, flops, 4, text); }
char *units_bandwidth(double value, char text[UNITS_MOST]) { return with_unit(value, bandwidth, 4, text); }
char *units_bytes(double value, char text[UNITS_MOST]) { return with_unit(value, bytes, 3, text); }

char *units_megapixels(double value, char text[UNITS_MOST]) {
    if (!isfinite(value))
        return missing(text);
    return strcat(digits(value, 4, text), " MP/s");
}

char *units_percent(double value, char text[UNITS_MOST]) {
    if (!isfinite(value))
        return missing(text);
    snprintf(text, UNITS_MOST, "%.*f %%", fabs(value) < 0.0995 ? 1 : 0, 100 * value);
    return text;
}

char *units_tick(double value, char text[UNITS_MOST]) { return tick(value, 1, "", text); }
char *units_tick_prefix(double value, char text[UNITS_MOST]) {
    return value >= 1e12  ? tick(value, 1e12, " T", text)
           : value >= 1e9 ? tick(value, 1e9, " G", text)
           : value >= 1e6 ? tick(value, 1e6, " M", text)
                          : tick(value, 1, "", text);
}

char *units_tick_percent(double value, char text[UNITS_MOST]) { return tick(value, 0.01, " %", text); }

char *units_tick_seconds(double value, char text[UNITS_MOST]) {
    return value == 0      ? tick(0, 1, "", text)
           : value >= 1    ? tick(value, 1, " s", text)
           : value >= 1e-3 ? tick(value, 1e-3, " ms", text)
                           : tick(value, 1e-6, " \302\265s", text);
}
