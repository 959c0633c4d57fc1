/* Reads a result that somebody gave: nothing in it is believed before it was looked at. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench/result.h"
#include "cli/options/complain.h"

#define MOST_BYTES (16L << 20)
#define ITEMS_MOST 100000

typedef enum kind { TEXT, TEXT_OR_NULL, NUMBER, NUMBER_OR_NULL, WHOLE, FLAG, OBJECT, LIST } kind;

typedef struct rule {
    const char *key;
    kind kind;
    bool needed;
} rule;

/* Members that are not here are of no interest. */
static const rule top[] = {{"version", TEXT, true},    {"date", TEXT, false},    {"mode", TEXT, false},
                           {"machine", OBJECT, false}, {"device", OBJECT, true}, {"network", OBJECT, false},
                           {"choices", WHOLE, false},  {"kernels", TEXT, false}, {"warm_up", OBJECT, false},
                           {"load", OBJECT, false},    {"speed", OBJECT, false}, {"score", OBJECT, false},
                           {"descent", OBJECT, false}, {"rows", LIST, true},     {NULL}},
                  device[] = {{"name", TEXT, true},
                              {"type", TEXT, false},
                              {"vendor", TEXT, false},
                              {"platform", TEXT, false},
                              {"driver", TEXT, true},
                              {"device_version", TEXT, false},
                              {"compute_units", WHOLE, false},
                              {"clock_mhz", WHOLE, false},
                              {"memory_bytes", WHOLE, false},
                              {NULL}},
                  machine[] = {{"processor", TEXT, true}, {"threads", WHOLE, true},      {"architecture", TEXT, true},
                               {"system", TEXT, true},    {"memory_bytes", WHOLE, true}, {NULL}},
                  network[] = {{"name", TEXT, true}, {"sha256", TEXT_OR_NULL, false}, {NULL}},
                  warm_up[] = {{"seconds", NUMBER, true}, {"evaluations", WHOLE, true}, {NULL}},
                  load[] = {{"known", FLAG, true}, {"other", NUMBER_OR_NULL, true}, {NULL}},
                  speed[] = {{"pulses", WHOLE, true},        {"best_flops", NUMBER, true},
                             {"median_flops", NUMBER, true}, {"least_flops", NUMBER, true},
                             {"varied", NUMBER, true},       {NULL}},
                  score[] = {{"version", WHOLE, true},
                             {"value", NUMBER_OR_NULL, true},
                             {"unit", TEXT, true},
                             {"sizes", LIST, true},
                             {"reliable", FLAG, true},
                             {"reason", TEXT_OR_NULL, true},
                             {NULL}},
                  size[] = {{"size", WHOLE, true},
                            {"rounds", WHOLE, true},
                            {"least_seconds", NUMBER, true},
                            {"median_seconds", NUMBER, true},
                            {"most_seconds", NUMBER, true},
                            {"megapixels_per_second", NUMBER, true},
                            {NULL}},
                  descent[] = {{"size", WHOLE, true}, {"points", LIST, true}, {"targets", LIST, true}, {NULL}},
                  point[] = {{"evaluations", WHOLE, true}, {"seconds", NUMBER, true}, {"loss", NUMBER, true}, {NULL}},
                  target[] = {{"part", NUMBER, true},
                              {"seconds", NUMBER_OR_NULL, true},
                              {"evaluations", NUMBER_OR_NULL, true},
                              {NULL}},
                  row[] = {{"kind", TEXT, true},
                           {"name", TEXT, true},
                           {"direction", TEXT, false},
                           {"pool", TEXT, false},
                           {"algorithm", TEXT, false},
                           {"chosen", FLAG, false},
                           {"c_in", WHOLE, false},
                           {"c_out", WHOLE, false},
                           {"rows", WHOLE, false},
                           {"width", WHOLE, false},
                           {"height", WHOLE, false},
                           {"problem", TEXT, false},
                           {"samples", WHOLE, false},
                           {"median_seconds", NUMBER, false},
                           {"least_seconds", NUMBER, false},
                           {"most_seconds", NUMBER, false},
                           {"flops", NUMBER, false},
                           {"bytes_per_second", NUMBER, false},
                           {"fraction", NUMBER, false},
                           {"device_bytes", WHOLE, false},
                           {"work", NUMBER, false},
                           {"arithmetic", NUMBER, false},
                           {"bytes", NUMBER, false},
                           {NULL}};

static bool is_of(const json_t *value, kind wanted) {
    switch (wanted) {
    case TEXT:
        return json_is_string(value);
    case TEXT_OR_NULL:
        return json_is_string(value) || json_is_null(value);
    case NUMBER:
        return json_is_number(value) && json_number_value(value) >= 0 && isfinite(json_number_value(value));
    case NUMBER_OR_NULL:
        return json_is_null(value) || is_of(value, NUMBER);
    case WHOLE:
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case FLAG:
        return json_is_boolean(value);
    case OBJECT:
        return json_is_object(value);
    case LIST:
        return json_is_array(value) && json_array_size(value) <= ITEMS_MOST;
    }
    return false;
}

/* The key of the first member that is not as it should be, or NULL. An object that is absent has none. */
static const char *wrong_in(const json_t *object, const rule *rules) {
    for (; object && rules->key; rules++) {
        const json_t *value = json_object_get(object, rules->key);
        if (value ? !is_of(value, rules->kind) : rules->needed)
            return rules->key;
    }
    return NULL;
}

static const char *wrong_in_list(const json_t *list, const rule *rules) {
    const char *wrong = NULL;
    for (size_t i = 0; i < json_array_size(list) && !wrong; i++) {
        const json_t *item = json_array_get(list, i);
        wrong = json_is_object(item) ? wrong_in(item, rules) : "items";
    }
    return wrong;
}

static const char *wrong_in_result(const json_t *root) {
    const struct {
        const char *key;
        const rule *rules;
    } objects[] = {{"device", device}, {"machine", machine}, {"network", network}, {"warm_up", warm_up},
                   {"load", load},     {"speed", speed},     {"score", score},     {"descent", descent}};
    const struct {
        const char *key, *list;
        const rule *rules;
    } lists[] = {{"score", "sizes", size}, {"descent", "points", point}, {"descent", "targets", target}};
    const char *wrong = wrong_in(root, top);
    for (size_t i = 0; i < sizeof objects / sizeof *objects && !wrong; i++)
        wrong = wrong_in(json_object_get(root, objects[i].key), objects[i].rules);
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !wrong; i++)
        wrong = wrong_in_list(json_object_get(json_object_get(root, lists[i].key), lists[i].list), lists[i].rules);
    return wrong ? wrong : wrong_in_list(json_object_get(root, "rows"), row);
}

static json_t *load_file(const char *path, char problem[JSON_ERROR_TEXT_LENGTH + 16]) {
    json_error_t error;
    json_t *root = NULL;
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0 || ftell(file) > MOST_BYTES || fseek(file, 0, SEEK_SET) != 0) {
        snprintf(problem, JSON_ERROR_TEXT_LENGTH, ": %s", file ? "too large or no file" : "cannot be read");
    } else {
        root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
        if (!root)
            snprintf(problem, JSON_ERROR_TEXT_LENGTH + 16, ": line %d: %s", error.line, error.text);
    }
    if (file)
        fclose(file);
    return root;
}

json_t *bench_result_read(const char *path) {
    char problem[JSON_ERROR_TEXT_LENGTH + 16] = "";
    json_t *root = load_file(path, problem);
    const char *format = bench_result_string(root, "format"), *wrong = NULL;
    bool known = strcmp(format, "pastiche bench 1") == 0 || strcmp(format, "pastiche bench 2") == 0;
    if (known)
        wrong = wrong_in_result(root);
    if (known && !wrong)
        return root;
    if (!known && strncmp(format, "pastiche bench ", 15) == 0)
        complain("%s: is of the format \"%.40s\", which this version does not know", path, format);
    else
        complain("%s: is no result of pastiche bench --json%s%s%s", path, wrong ? ": wrong " : problem,
                 wrong ? wrong : "", wrong ? " in it" : "");
    json_decref(root);
    return NULL;
}
