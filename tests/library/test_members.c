/* The table of pst_transfer_options' members: none is forgotten, and defaults, checks and the text of a checkpoint
 * follow it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "support.h"
#include "transfer/transfer_options.h"

#define MEMBER(type, options, row) (*(type *)(void *)((char *)(options) + (row)->offset))

static const pst_option_info *table;
static size_t rows;

static void fetch_table(void) { table = pst_transfer_option_table(&rows); }

/* Cuts comments out and gives the names of the members of pst_transfer_options as the header declares them. */
static size_t names_of_header(char names[][64], size_t most) {
    char path[1024], *text, *at;
    pst_error error = {0};
    size_t bytes, count = 0;
    uint8_t *data;
    snprintf(path, sizeof path, "%s/include/pastiche.h", getenv("PASTICHE_SOURCE"));
    ck_assert_msg(pst_file_load(&error, path, 1 << 24, &data, &bytes) == PST_OK, "%s", error.text);
    ck_assert_int_eq(pst_allocate(&error, bytes + 1, 1, &text), PST_OK);
    memcpy(text, data, bytes);
    at = strstr(text, "typedef struct pst_transfer_options {");
    ck_assert_ptr_nonnull(at);
    *strstr(at, "} pst_transfer_options;") = 0;
    at = strchr(at, '{') + 1;
    for (char *comment; (comment = strstr(at, "/*"));)
        memset(comment, ' ', (size_t)(strstr(comment, "*/") + 2 - comment));
    for (char *c = at; *c; c++)
        if (*c == ',' || *c == ';') { /* a name ends here */
            char *end = c, *begin;
            while (end[-1] == ' ' || end[-1] == '\n')
                end--;
            for (begin = end; strchr("abcdefghijklmnopqrstuvwxyz0123456789_", begin[-1]); begin--)
                ;
            ck_assert(count < most && end - begin < 64);
            snprintf(names[count++], 64, "%.*s", (int)(end - begin), begin);
        }
    pst_free(text);
    pst_free(data);
    return count;
}

START_TEST(every_member_has_a_row) {
    char names[128][64];
    ck_assert_uint_eq(names_of_header(names, 128), rows + 1);
    ck_assert_str_eq(names[0], "size"); /* the only exception */
    for (size_t i = 0; i < rows; i++)
        ck_assert_str_eq(table[i].name, names[i + 1]);
}
END_TEST

/* No row reaches into the next one, and no gap is wider than padding can be. */
START_TEST(rows_cover_the_struct) {
    static const size_t bytes[] = {[PST_OPTION_INT] = sizeof(int),     [PST_OPTION_INT64] = sizeof(int64_t),
                                   [PST_OPTION_SIZE] = sizeof(size_t), [PST_OPTION_DOUBLE] = sizeof(double),
                                   [PST_OPTION_BOOL] = sizeof(bool),   [PST_OPTION_ENUM] = sizeof(pst_pooling),
                                   [PST_OPTION_TEXT] = sizeof(char *), [PST_OPTION_POINTER] = sizeof(void *)};
    size_t at = sizeof(size_t); /* after `size` */
    for (size_t i = 0; i <= rows; i++) {
        size_t next = i < rows ? table[i].offset : sizeof(pst_transfer_options);
        ck_assert_msg(next >= at && next - at < sizeof(double), "%s", i < rows ? table[i].name : "end");
        at = next + (i < rows ? bytes[table[i].type] : 0);
    }
}
END_TEST

START_TEST(rows_make_sense) {
    for (const pst_option_info *row = table; row < table + rows; row++) {
        size_t words = 0;
        while (row->words && row->words[words])
            words++;
        ck_assert_msg(row->value >= row->least && row->value <= row->most, "%s", row->name);
        ck_assert_msg(!row->words || row->most == (double)words - 1, "%s", row->name);
        ck_assert_msg(row->type != PST_OPTION_ENUM || words > 1, "%s", row->name);
        ck_assert_msg((row->type == PST_OPTION_TEXT) == (row->text != NULL), "%s", row->name);
        ck_assert_msg(!(row->changes_result && row->type == PST_OPTION_POINTER), "%s", row->name);
    }
}
END_TEST

static void set(pst_transfer_options *options, const pst_option_info *row, double value) {
    switch (row->type) {
    case PST_OPTION_INT:
    case PST_OPTION_ENUM:
        MEMBER(int, options, row) = (int)value;
        break;
    case PST_OPTION_INT64:
        MEMBER(int64_t, options, row) = (int64_t)value;
        break;
    case PST_OPTION_SIZE:
        MEMBER(size_t, options, row) = (size_t)value;
        break;
    case PST_OPTION_DOUBLE:
        MEMBER(double, options, row) = value;
        break;
    case PST_OPTION_BOOL:
        MEMBER(bool, options, row) = value != 0;
        break;
    case PST_OPTION_TEXT:
        MEMBER(const char *, options, row) = "other";
        break;
    case PST_OPTION_POINTER:
        break;
    }
}

static bool is_checked(const pst_option_info *row) {
    return row->type != PST_OPTION_POINTER && row->type != PST_OPTION_TEXT && row->type != PST_OPTION_BOOL;
}

START_TEST(what_is_out_of_range_is_refused_by_name) {
    for (const pst_option_info *row = table; row < table + rows; row++) {
        if (!is_checked(row))
            continue;
        bool real = row->type == PST_OPTION_DOUBLE, natural = row->type == PST_OPTION_SIZE;
        const double bad[] = {row->most + (real ? fabs(row->most) * 1e-3 : 1),
                              row->least - (real ? fabs(row->least) * 1e-3 + 1e-9 : 1), NAN};
        for (int k = 0; k < (real ? 3 : natural ? 1 : 2); k++) {
            pst_transfer_options options;
            pst_error error = {0};
            pst_transfer_options_init(&options, sizeof options);
            ck_assert_int_eq(pst_options_check(&error, &options), PST_OK);
            set(&options, row, row->least);
            ck_assert_msg(pst_options_check(&error, &options) == PST_OK, "%s", error.text);
            set(&options, row, row->most);
            ck_assert_msg(pst_options_check(&error, &options) == PST_OK, "%s", error.text);
            set(&options, row, bad[k]);
            ck_assert_msg(pst_options_check(&error, &options) == PST_ERROR_ARGUMENT, "%s %g", row->name, bad[k]);
            ck_assert_msg(strncmp(error.text, row->name, strlen(row->name)) == 0, "%s", error.text);
        }
    }
    pst_transfer_options options;
    pst_error error = {0};
    pst_transfer_options_init(&options, sizeof options);
    options.style_layers = NULL;
    ck_assert_int_eq(pst_options_check(&error, &options), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "style_layers"));
}
END_TEST

/* The text of a checkpoint differs in the line of the member that differs, and not for what changes no result. */
START_TEST(text_names_every_member) {
    pst_transfer_options options;
    pst_error error = {0};
    char *usual, *text, line[64];
    pst_transfer_options_init(&options, sizeof options);
    ck_assert_int_eq(pst_options_text(&error, &options, &usual), PST_OK);
    ck_assert_ptr_nonnull(strstr(usual, "tv_weight=0.001\ntv_kind=squares\ncontent_layers=relu4_2\n"));
    ck_assert_ptr_nonnull(strstr(usual, "\nseed=-1\n"));
    for (const pst_option_info *row = table; row < table + rows; row++) {
        pst_transfer_options_init(&options, sizeof options);
        set(&options, row, row->value == row->most ? row->least : row->most);
        ck_assert_int_eq(pst_options_text(&error, &options, &text), PST_OK);
        snprintf(line, sizeof line, "%s=", row->name);
        ck_assert_msg((strcmp(text, usual) != 0) == row->changes_result, "%s", row->name);
        ck_assert_msg((strstr(text, line) != NULL) == row->changes_result, "%s", row->name);
        pst_free(text);
    }
    pst_free(usual);
}
END_TEST

/* A text from before members were added gets their lines; one that has all stays as it is, whatever their values. */
START_TEST(old_texts_get_the_members_that_came_later) {
    static const char *const last[] = {"\nrange_weight=", "\nlbfgs_storage="};
    pst_transfer_options options;
    pst_error error = {0};
    char *usual, *text;
    pst_transfer_options_init(&options, sizeof options);
    ck_assert_int_eq(pst_options_text(&error, &options, &usual), PST_OK);
    for (size_t k = 0; k < 2; k++) {
        ck_assert_int_eq(pst_options_text(&error, &options, &text), PST_OK);
        char *end = strstr(text, last[k]);
        ck_assert_ptr_nonnull(end);
        end[1] = '\0';
        ck_assert_int_eq(pst_options_complete(&error, &text), PST_OK);
        ck_assert_str_eq(text, usual);
        pst_free(text);
    }
    options.range_weight = 7;
    options.image_size = 99;
    pst_free(usual);
    ck_assert_int_eq(pst_options_text(&error, &options, &usual), PST_OK);
    ck_assert_int_eq(pst_options_text(&error, &options, &text), PST_OK);
    ck_assert_int_eq(pst_options_complete(&error, &text), PST_OK);
    ck_assert_str_eq(text, usual);
    pst_free(text);
    pst_free(usual);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("members");
    TCase *tests = tcase_create("members");
    tcase_add_checked_fixture(tests, fetch_table, NULL);
    tcase_add_test(tests, every_member_has_a_row);
    tcase_add_test(tests, old_texts_get_the_members_that_came_later);
    tcase_add_test(tests, rows_cover_the_struct);
    tcase_add_test(tests, rows_make_sense);
    tcase_add_test(tests, what_is_out_of_range_is_refused_by_name);
    tcase_add_test(tests, text_names_every_member);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
