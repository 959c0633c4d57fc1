#include "transfer/transfer_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"
#include "transfer/scales.h"

#define MOST_WEIGHT 1e12 /* far from where products with pixels overflow */
#define MOST_COUNT 1e9
#define BELOW_1 0.999999

static const char *const optimizers[] = {"lbfgs", "adam", "gradient-descent", "lbfgs-plain", NULL};
static const char *const losses[] = {"mean", "gatys", "wasserstein", NULL};
static const char *const poolings[] = {"max", "avg", "l2", NULL};
static const char *const tv_kinds[] = {"squares", "absolute", "nine-point", NULL};
static const char *const starts[] = {"noise", "content", "image", NULL};
static const char *const color_spaces[] = {"yuv", "oklab", NULL};
static const char *const color_matches[] = {"none", "cholesky", "pca", "symmetric", "histogram", NULL};
static const char *const guide_modes[] = {"simple", "all", "inside", NULL};
static const char *const remainders[] = {"extend", "floor", "ceil", NULL};
static const char *const on_off[] = {"off", "on", NULL};
static const char *const storages[] = {"float", "half", NULL};
static const char *const borders[] = {"zeros", "replicate", NULL};

/* The compiler knows the type of a member, except what is an enum and what a pointer means. */
/* clang-format off */
#define TYPE(member)                                     \
    _Generic(((pst_transfer_options *)NULL)->member,     \
             int: PST_OPTION_INT,                        \
             int64_t: PST_OPTION_INT64,                  \
             size_t: PST_OPTION_SIZE,                    \
             double: PST_OPTION_DOUBLE,                  \
             bool: PST_OPTION_BOOL)
/* clang-format on */
#define AT(member) .name = #member, .offset = offsetof(pst_transfer_options, member)
#define NUMBER(member, from, to, usual) \
    { AT(member), .type = TYPE(member), .least = from, .most = to, .value = usual, .changes_result = true }
#define NEUTRAL(member, from, to) \
    { AT(member), .type = TYPE(member), .least = from, .most = to }
#define SWITCH(member, names) \
    { AT(member), .type = TYPE(member), .most = 1, .words = names, .changes_result = true }
#define WORD(member, names)                                                                            \
    {                                                                                                  \
        AT(member), .type = PST_OPTION_ENUM, .most = sizeof names / sizeof *names - 2, .words = names, \
                    .changes_result = true                                                             \
    }
#define TEXT(member, usual) \
    { AT(member), .type = PST_OPTION_TEXT, .text = usual, .changes_result = true }
#define POINTER(member, to) \
    { AT(member), .type = PST_OPTION_POINTER, .most = to }

/* In the order of the struct, whose every member but `size` has a row: tests/library/test_members.c proves it. */
static const pst_option_info table[] = {
    POINTER(content, 0),
    POINTER(styles, 0),
    NEUTRAL(style_count, 0, MOST_COUNT),
    POINTER(blend_weights, MOST_WEIGHT),
    POINTER(start_image, 0),
    NUMBER(image_size, 1, PST_IMAGE_MAX_SIDE, 512),
    NUMBER(style_scale, 0.01, PST_STYLE_SCALE_MAX, 1),
    NUMBER(content_weight, 0, MOST_WEIGHT, 5),
    NUMBER(style_weight, 0, MOST_WEIGHT, 100),
    NUMBER(tv_weight, 0, MOST_WEIGHT, 1e-3),
    WORD(tv_kind, tv_kinds),
    TEXT(content_layers, "relu4_2"),
    TEXT(style_layers, "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1"),
    WORD(loss_form, losses),
    WORD(pooling, poolings),
    SWITCH(normalize_gradients, NULL),
    SWITCH(normalize_weights, NULL),
    SWITCH(replicate_border, borders),
    SWITCH(pixels_256, NULL),
    WORD(optimizer, optimizers),
    NUMBER(lbfgs_history, 0, 4096, 0),
    NUMBER(learning_rate, 0, MOST_WEIGHT, 0),
    NUMBER(adam_beta1, 0, BELOW_1, 0.9),
    NUMBER(adam_beta2, 0, BELOW_1, 0.999),
    SWITCH(adam_epsilon_first, NULL),
    SWITCH(clamp, NULL),
    NUMBER(average, 0, BELOW_1, 0),
    NUMBER(momentum, 0, BELOW_1, 0),
    NUMBER(decay, 0, MOST_WEIGHT, 0),
    NUMBER(iterations, 1, MOST_COUNT, 1000),
    NUMBER(loss_threshold, 0, 1e30, 0),
    NUMBER(min_improvement, 0, 1, 0),
    NUMBER(improvement_window, 1, MOST_COUNT, 50),
    WORD(start, starts),
    NUMBER(seed, -1, 9e15, -1), /* a double holds every whole number up to there */
    SWITCH(original_colors, NULL),
    WORD(color_space, color_spaces),
    WORD(match_colors, color_matches),
    POINTER(content_mask, 0),
    POINTER(style_masks, 0),
    WORD(guide_mode, guide_modes),
    NEUTRAL(workspace_bytes, 0, 1099511627776.0), /* 1 TiB */
    NUMBER(scales, 0, PST_SCALES_MAX, 0),
    NUMBER(min_size, 1, PST_IMAGE_MAX_SIDE, 128),
    POINTER(stored_styles, 0),
    WORD(remainder, remainders),
    {AT(keep_gray), .type = PST_OPTION_BOOL, .most = 1, .value = 1, .words = on_off, .changes_result = true},
    NEUTRAL(memory_bytes, 0, 1125899906842624.0), /* 1 PiB */
    NUMBER(tile_width, 0, PST_IMAGE_MAX_SIDE, 0),
    NUMBER(tile_height, 0, PST_IMAGE_MAX_SIDE, 0),
    WORD(lbfgs_storage, storages),
    POINTER(spill_folder, 0),
    NUMBER(range_weight, 0, MOST_WEIGHT, 0),
    NUMBER(full_style_size, 0, PST_IMAGE_MAX_SIDE, 0),
};
enum { ROWS = sizeof table / sizeof *table };

const pst_option_info *pst_transfer_option_table(size_t *count) {
    *count = ROWS;
    return table;
}

static size_t bytes_of(pst_option_type type) {
    static const size_t bytes[] = {[PST_OPTION_INT] = sizeof(int),           [PST_OPTION_INT64] = sizeof(int64_t),
                                   [PST_OPTION_SIZE] = sizeof(size_t),       [PST_OPTION_DOUBLE] = sizeof(double),
                                   [PST_OPTION_BOOL] = sizeof(bool),         [PST_OPTION_ENUM] = sizeof(pst_pooling),
                                   [PST_OPTION_TEXT] = sizeof(const char *), [PST_OPTION_POINTER] = sizeof(void *)};
    return bytes[type];
}

/* A member of any type, as it lies in the struct. */
typedef union member {
    int integer; /* an enum too */
    int64_t integer64;
    size_t size;
    double number;
    bool flag;
    const char *text;
} member;

static member read_member(const pst_transfer_options *options, const pst_option_info *row) {
    member m = {0};
    memcpy(&m, (const char *)options + row->offset, bytes_of(row->type));
    return m;
}

static double number_of(member m, pst_option_type type) {
    return type == PST_OPTION_DOUBLE  ? m.number
           : type == PST_OPTION_INT64 ? (double)m.integer64
           : type == PST_OPTION_SIZE  ? (double)m.size
           : type == PST_OPTION_BOOL  ? m.flag
                                      : m.integer;
}

static member usual(const pst_option_info *row) {
    member m = {0};
    switch (row->type) {
    case PST_OPTION_INT:
    case PST_OPTION_ENUM:
        m.integer = (int)row->value;
        break;
    case PST_OPTION_INT64:
        m.integer64 = (int64_t)row->value;
        break;
    case PST_OPTION_SIZE:
        m.size = (size_t)row->value;
        break;
    case PST_OPTION_DOUBLE:
        m.number = row->value;
        break;
    case PST_OPTION_BOOL:
        m.flag = row->value != 0;
        break;
    case PST_OPTION_TEXT:
        m.text = row->text;
        break;
    case PST_OPTION_POINTER:
        break;
    }
    return m;
}

void pst_transfer_options_init(pst_transfer_options *options, size_t size) {
    memset(options, 0, size);
    options->size = size;
    for (const pst_option_info *row = table; row < table + ROWS; row++) {
        member m = usual(row);
        if (row->offset + bytes_of(row->type) <= size)
            memcpy((char *)options + row->offset, &m, bytes_of(row->type));
    }
}

void pst_options_take(pst_transfer_options *options, const pst_transfer_options *given) {
    pst_transfer_options_init(options, sizeof *options);
    memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
}

static pst_status check_number(pst_error *error, const pst_option_info *row, double value) {
    if (value >= row->least && value <= row->most) /* false for NaN */
        return PST_OK;
    return pst_fail(error, PST_ERROR_ARGUMENT, "%s is %.10g; it must be from %.10g to %.10g", row->name, value,
                    row->least, row->most);
}

static pst_status check_row(pst_error *error, const pst_transfer_options *options, const pst_option_info *row) {
    member m = read_member(options, row);
    if (row->type == PST_OPTION_TEXT)
        return m.text ? PST_OK : pst_fail(error, PST_ERROR_ARGUMENT, "%s is NULL; it must be a text", row->name);
    return row->type == PST_OPTION_POINTER ? PST_OK : check_number(error, row, number_of(m, row->type));
}

pst_status pst_options_check(pst_error *error, const pst_transfer_options *options) {
    pst_status status = PST_OK;
    for (const pst_option_info *row = table; status == PST_OK && row < table + ROWS; row++)
        status = check_row(error, options, row);
    return status;
}

pst_status pst_options_check_value(pst_error *error, size_t offset, double value) {
    const pst_option_info *row = table;
    while (row->offset != offset)
        row++;
    return check_number(error, row, value);
}

/* The shortest of two forms that gives the same number again. */
static int print_number(char *text, size_t size, double value) {
    char shorter[32];
    snprintf(shorter, sizeof shorter, "%.15g", value);
    return strtod(shorter, NULL) == value ? snprintf(text, size, "%s", shorter) : snprintf(text, size, "%.17g", value);
}

static size_t print_row(char *text, size_t size, const pst_transfer_options *options, const pst_option_info *row) {
    member m = read_member(options, row);
    char number[32];
    print_number(number, sizeof number, row->type == PST_OPTION_TEXT ? 0 : number_of(m, row->type));
    const char *value = row->type == PST_OPTION_TEXT ? m.text
                        : row->words                 ? row->words[(size_t)number_of(m, row->type)]
                                                     : number;
    return (size_t)snprintf(text, size, "%s=%s\n", row->name, value);
}

pst_status pst_options_text(pst_error *error, const pst_transfer_options *options, char **text) {
    size_t bytes = 1, at = 0;
    for (const pst_option_info *row = table; row < table + ROWS; row++)
        bytes += row->changes_result ? print_row(NULL, 0, options, row) : 0;
    pst_status status = pst_allocate(error, bytes, 1, text);
    for (const pst_option_info *row = table; status == PST_OK && row < table + ROWS; row++)
        at += row->changes_result ? print_row(*text + at, bytes - at, options, row) : 0;
    return status;
}

pst_status pst_options_complete(pst_error *error, char **text) {
    pst_transfer_options usual;
    pst_transfer_options_init(&usual, sizeof usual);
    for (const pst_option_info *row = table; row < table + ROWS; row++) {
        char name[64], line[256], *longer; /* defaults are short */
        snprintf(name, sizeof name, "\n%s=", row->name);
        if (!row->changes_result || strncmp(*text, name + 1, strlen(name + 1)) == 0 || strstr(*text, name))
            continue;
        print_row(line, sizeof line, &usual, row);
        const size_t bytes = strlen(*text) + strlen(line) + 1;
        pst_status status = pst_allocate(error, bytes, 1, &longer);
        if (status != PST_OK)
            return status;
        snprintf(longer, bytes, "%s%s", *text, line);
        pst_free(*text);
        *text = longer;
    }
    return PST_OK;
}

#define SHOWN 100 /* characters of an option in a message */

bool pst_options_differ(const char **a, int *a_length, const char **b, int *b_length) {
    while (**a || **b) {
        const int m = (int)strcspn(*a, "\n"), n = (int)strcspn(*b, "\n");
        *a_length = m < SHOWN ? m : SHOWN;
        *b_length = n < SHOWN ? n : SHOWN;
        if (m != n || memcmp(*a, *b, (size_t)m) != 0)
            return true;
        *a += m + ((*a)[m] == '\n');
        *b += n + ((*b)[n] == '\n');
    }
    return false;
}

static const char one_side[] = "\ntile=", width_name[] = "\ntile_width=", height_name[] = "\ntile_height=";

/* The number behind a name, and where its line ends; 0 where there is none. */
static int number_behind(const char *text, const char *name, const char **line, const char **end) {
    *line = *end = strstr(text, name);
    if (!*line)
        return 0;
    *end = *line + 1 + strcspn(*line + 1, "\n");
    const long number = strtol(*line + strlen(name), NULL, 10);
    return number < 0 || number > PST_IMAGE_MAX_SIDE ? 0 : (int)number;
}

void pst_options_tile(const char *text, int *width, int *height) {
    const char *line, *end;
    *width = *height = number_behind(text, one_side, &line, &end);
    if (line)
        return;
    *width = number_behind(text, width_name, &line, &end);
    *height = number_behind(text, height_name, &line, &end);
}

pst_status pst_options_set_tile(pst_error *error, char **text, int width, int height) {
    const char *old = *text, *line, *end, *second;
    number_behind(old, one_side, &line, &end);
    if (!line) {
        number_behind(old, width_name, &line, &end);
        number_behind(old, height_name, &second, &end);
        if (!line || !second)
            return PST_OK;
    }
    const size_t bytes = strlen(old) + 80;
    char *made;
    pst_status status = pst_allocate(error, bytes, 1, &made);
    if (status != PST_OK)
        return status;
    snprintf(made, bytes, "%.*s%s%d%s%d%s", (int)(line - old), old, width_name, width, height_name, height, end);
    pst_free(*text);
    *text = made;
    return PST_OK;
}
