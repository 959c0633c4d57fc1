#include "cli/options/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strtod and strtoll skip blanks and know hexadecimal, "nan" and "infinity": only these characters reach them. */
static bool made_of(const char *text, const char *characters) {
    return *text && text[strspn(text, characters)] == '\0';
}

bool value_number(const char *text, double *number) {
    if (!made_of(text, "0123456789+-.eE"))
        return false;
    char *end;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

bool value_integer(const char *text, int64_t *number) {
    if (!made_of(text, "0123456789+-"))
        return false;
    char *end;
    *number = strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

static const char units[] = "KMGT";

bool value_bytes(const char *text, double *bytes) {
    char number[32];
    const size_t length = strspn(text, "0123456789.");
    const char *unit = text + length, *ends[] = {"", "B", "iB"};
    double factor = 1;
    if (length >= sizeof number)
        return false;
    snprintf(number, sizeof number, "%.*s", (int)length, text);
    for (size_t i = 0; *unit && i < sizeof units - 1; i++)
        if ((*unit & ~32) == units[i]) {
            factor = ldexp(1, 10 * (int)(i + 1));
            unit++;
            break;
        }
    bool good = value_number(number, bytes) && (!*unit || factor > 1), ended = !*unit;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        ended = ended || strcmp(unit, ends[i]) == 0;
    *bytes *= factor;
    return good && ended;
}

char *value_bytes_text(uint64_t bytes, char text[32]) {
    size_t unit = 0;
    while (bytes && bytes % 1024 == 0 && unit < sizeof units - 1) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, 32, "%llu%.*s", (unsigned long long)bytes, unit > 0, unit ? &units[unit - 1] : "");
    return text;
}

bool value_size(const char *text, int64_t *width, int64_t *height) {
    char first[32];
    const size_t length = strcspn(text, "xX");
    if (length >= sizeof first)
        return false;
    snprintf(first, sizeof first, "%.*s", (int)length, text);
    if (!value_integer(first, width))
        return false;
    *height = *width;
    return !text[length] || value_integer(text + length + 1, height);
}

char *value_size_text(int width, int height, char text[32]) {
    snprintf(text, 32, width || height ? "%dx%d" : "0", width, height);
    return text;
}

char **value_list(const char *text, size_t *count) {
    size_t parts = 1;
    for (const char *c = text; *c; c++)
        parts += *c == ',';
    char **list = malloc(parts * sizeof *list + strlen(text) + 1);
    if (!list)
        return NULL;
    char *copy = strcpy((char *)(list + parts), text);
    for (size_t i = 0; i < parts; i++) {
        list[i] = copy;
        copy += strcspn(copy, ",");
        if (copy == list[i]) {
            free(list);
            return NULL;
        }
        *copy++ = '\0';
    }
    *count = parts;
    return list;
}

char *bytes_text(uint64_t bytes, char text[32]) {
    static const char *const names[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof names / sizeof *names; unit++)
        value /= 1024;
    snprintf(text, 32, "%.*f %s", unit > 1 && value < 100 ? 1 : 0, value, names[unit]);
    return text;
}
