#include "cli/options/option_setters.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/option_value.h"
#include "cli/options/values.h"

bool set_preset(settings *s, const option *o, const char *given, const char *value) {
    char words[VALUE_TEXT_MOST];
    if (pst_transfer_options_preset(&s->transfer, value) != PST_OK) {
        complain("%s \"%s\": not known; must be %s", given, value, option_words_text(o, words));
        return false;
    }
    s->preset = value;
    s->start = s->transfer.start == PST_START_CONTENT ? START_CONTENT : START_NOISE;
    s->hides_smoothness = strcmp(value, "neural-style") == 0;
    return true;
}

static bool needs_value(const char *given, const char *value) {
    if (!*value)
        complain("%s needs a value", given);
    return *value;
}

bool set_start(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    s->start = strcmp(value, "noise") == 0 ? START_NOISE : strcmp(value, "content") == 0 ? START_CONTENT : START_FILE;
    s->start_file = value;
    return needs_value(given, value);
}

/* All numbers of a list, within the option's range; NULL if one is not. The caller frees them. */
static double *read_numbers(const option *o, const char *value, size_t *count) {
    char **parts = value_list(value, count);
    double *numbers = parts ? malloc(*count * sizeof *numbers) : NULL, least, most;
    bool good = numbers != NULL;
    option_range(o, &least, &most);
    for (size_t i = 0; good && i < *count; i++)
        good = value_number(parts[i], &numbers[i]) && numbers[i] >= least && numbers[i] <= most;
    free(parts);
    if (good)
        return numbers;
    free(numbers);
    return NULL;
}

bool set_blend_weights(settings *s, const option *o, const char *given, const char *value) {
    char range[VALUE_TEXT_MOST];
    size_t count = 0;
    double sum = 0, *weights = read_numbers(o, value, &count);
    for (size_t i = 0; weights && i < count; i++)
        sum += weights[i];
    if (sum <= 0) {
        complain("%s \"%s\": must be a list of numbers %s, not all 0, such as 3,7", given, value,
                 option_range_text(o, range));
        free(weights);
        return false;
    }
    free(s->blend_weights);
    s->blend_weights = weights;
    s->blend_count = count;
    return true;
}

bool set_sizes(settings *s, const option *o, const char *given, const char *value) {
    char range[VALUE_TEXT_MOST];
    size_t count = 0;
    double *sizes = read_numbers(o, value, &count);
    bool good = sizes && count <= BENCH_SIZES_MOST;
    for (size_t i = 0; good && i < count; i++) {
        s->bench_sizes[i] = (int)sizes[i];
        good = s->bench_sizes[i] == sizes[i];
    }
    free(sizes);
    if (!good)
        complain("%s \"%s\": must be at most %d whole numbers %s, such as 256,512", given, value, BENCH_SIZES_MOST,
                 option_range_text(o, range));
    s->bench.size_count = count;
    return good;
}

bool set_style_masks(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    size_t count = 0;
    char **parts = value_list(value, &count);
    if (!parts) {
        complain("%s \"%s\": a name between the commas is empty", given, value);
        return false;
    }
    free(s->style_masks);
    s->style_masks = parts;
    s->mask_count = count;
    return true;
}

/* --device and --gpu exclude each other: the later one counts. */
bool set_device(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    s->gpu_count = 0;
    s->device = value;
    return needs_value(given, value);
}

bool set_gpu(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    size_t count = 0;
    char **parts = value_list(value, &count);
    bool good = parts != NULL && count <= PST_CONTEXT_DEVICES_MAX;
    for (size_t i = 0; good && i < count; i++) {
        int64_t number = GPU_MEANS_CPU;
        good = strcmp(parts[i], "c") == 0 || (value_integer(parts[i], &number) && number >= -1 && number <= INT_MAX);
        s->gpus[i] = (int)number;
    }
    free(parts);
    if (!good) {
        complain("%s \"%s\": must be the number of a GPU from 0 up, or -1 or c for the CPU, or a list of at most %d",
                 given, value, PST_CONTEXT_DEVICES_MAX);
        return false;
    }
    s->gpu_count = count;
    s->device = NULL;
    return true;
}

/* The same as --choices none. */
bool set_no_tune(settings *s, const option *o, const char *given, const char *value) {
    (void)o, (void)given, (void)value;
    s->choices = "none";
    return true;
}

/* Ends --styles. */
bool set_contents(settings *s, const option *o, const char *given, const char *value) {
    (void)o, (void)given, (void)value;
    s->naming_styles = false;
    return true;
}
