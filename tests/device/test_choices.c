/* Files of measured choices among others who write them, and what a context says of one that it was given. */
/* promise: damage */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "on_device.h"
#include "tune/choices_file.h"

enum { WRITERS = 4, TURNS = 16 };

static void open_all(void) {
    test_open(TEST_CPU);
    setenv("XDG_CACHE_HOME", test_path("cache"), 1); /* the driver has found its own by now */
}

/* A session of its own as far as messages go. */
static pst_session *another(pst_session *session, pst_error *error) {
    *session = (pst_session){.error = error, .device = test_session->device};
    return session;
}

static void merge(pst_session *session, const char *path, const pst_conv_shape *shape, const char *name) {
    pst_conv_choices one = {0};
    ck_ok(*session->error, pst_conv_choices_set(session->error, &one, shape, name));
    ck_ok(*session->error, pst_choices_merge(session, path, &one));
    pst_conv_choices_clear(&one);
}

typedef struct writer {
    pthread_t thread;
    char path[1024];
    int number;
} writer;

static void *write_all(void *self) {
    const writer *w = self;
    pst_error error = {0};
    pst_session session;
    another(&session, &error);
    for (int i = 0; i < TURNS; i++) {
        const pst_conv_shape shape = {8 + i, 8 + w->number, 16, 16, false, PST_POOL_NONE};
        pst_conv_choices one = {0};
        if (pst_conv_choices_set(&error, &one, &shape, "direct") != PST_OK ||
            pst_choices_merge(&session, w->path, &one) != PST_OK)
            return self; /* too few are in the file then */
        pst_conv_choices_clear(&one);
    }
    return NULL;
}

START_TEST(several_writers_lose_nothing) {
    writer writers[WRITERS];
    pst_conv_choices read = {0};
    char foreign[256];
    for (int i = 0; i < WRITERS; i++) {
        writers[i].number = i;
        strcpy(writers[i].path, test_path("many.json"));
        ck_assert_int_eq(pthread_create(&writers[i].thread, NULL, write_all, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_join(writers[i].thread, NULL), 0);
    ck_ok(test_error, pst_choices_read(test_session, test_path("many.json"), &read, foreign));
    ck_assert_uint_eq(read.count, WRITERS * TURNS);
    pst_conv_choices_clear(&read);
}
END_TEST

START_TEST(who_holds_the_folder_for_ever_is_not_waited_for) {
    const pst_conv_shape shape = {8, 8, 16, 16, false, PST_POOL_NONE};
    const int held = pst_folder_hold_for(test_path("held.json"));
    ck_assert_int_ge(held, 0);
    merge(test_session, test_path("held.json"), &shape, "direct");
    pst_folder_release(held);
    ck_assert_int_eq(pst_path_examine(test_path("held.json"), NULL), PST_PATH_FILE);
    ck_assert_int_eq(pst_choices_merge(test_session, test_path("no/folder.json"), &(pst_conv_choices){0}),
                     PST_ERROR_FILE);
    ck_assert_int_eq(pst_path_examine(test_path("no"), NULL), PST_PATH_NONE);
}
END_TEST

/* A file with so many choices, all of them different. */
static void write_many(const char *path, int count) {
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{\"format\": \"pastiche choices 1\", \"choices\": [");
    for (int i = 0; i < count; i++)
        fprintf(file,
                "%s{\"direction\": \"forward\", \"h\": %d, \"w\": 8, \"c_in\": 16, \"c_out\": 16, \"pool\": \"none\", "
                "\"algorithm\": \"direct\"}",
                i ? ",\n" : "", i + 1);
    fprintf(file, "]}\n");
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(too_many_choices_are_told_as_that) {
    enum { MOST = 16384 };
    pst_conv_choices read = {0};
    char path[1024], foreign[256];
    strcpy(path, test_path("long.json"));
    write_many(path, MOST);
    ck_ok(test_error, pst_choices_read(test_session, path, &read, foreign));
    ck_assert_uint_eq(read.count, MOST);
    pst_conv_choices_clear(&read);
    write_many(path, MOST + 1);
    ck_assert_int_eq(pst_choices_read(test_session, path, &read, foreign), PST_ERROR_FORMAT);
    ck_assert_msg(strstr(test_error.text, "long.json: has 16385 choices, more than the 16384 that are read"), "%s",
                  test_error.text);
    ck_assert_uint_eq(read.count, 0);
    test_error = (pst_error){0};
}
END_TEST

/* Whatever is added, the file can be read again. */
START_TEST(a_full_file_begins_anew) {
    enum { MOST = 16384 };
    pst_conv_choices all = {0}, read = {0};
    const pst_conv_shape shape = {9, 9, 16, 16, false, PST_POOL_NONE};
    char path[1024], foreign[256];
    strcpy(path, test_path("full.json"));
    for (int i = MOST; i > 0; i--) { /* each before the others */
        const pst_conv_shape other = {i, 8, 16, 16, false, PST_POOL_NONE};
        ck_ok(test_error, pst_conv_choices_set(&test_error, &all, &other, "direct"));
    }
    ck_ok(test_error, pst_choices_write(test_session, path, &all));
    merge(test_session, path, &shape, "direct");
    ck_ok(test_error, pst_choices_read(test_session, path, &read, foreign));
    ck_assert_str_eq(foreign, "");
    ck_assert_uint_eq(read.count, 1);
    pst_conv_choices_clear(&read);
    pst_conv_choices_clear(&all);
}
END_TEST

/* What a context that was given the file says; the words must be in it, and it must say nothing where there are none.
 */
static void ck_notice(const char *file, const char *words, const char *more) {
    pst_context_options options;
    pst_context *context;
    const char *notice;
    pst_context_options_init(&options, sizeof options);
    options.choices_file = file;
    ck_assert_msg(pst_context_create(&options, &context) == PST_OK, "%s", pst_context_message(context));
    pst_context_choices(context, &notice);
    ck_assert_msg(*words ? strstr(notice, words) && strstr(notice, more) : !*notice, "no '%s' and '%s' in '%s'", words,
                  more, notice);
    pst_context_destroy(context);
}

START_TEST(choices_without_use_are_told_of_files_that_were_named) {
    const pst_conv_shape a = {64, 48, 64, 64, false, PST_POOL_NONE}, b = {64, 48, 64, 128, false, PST_POOL_NONE},
                         odd = {64, 48, 15, 16, false, PST_POOL_MAX};
    char path[1024], *own, text[4096];
    strcpy(path, test_path("named.json"));
    merge(test_session, path, &a, "im2col");
    ck_notice(path, "", "");
    merge(test_session, path, &a, "made-of-cheese");
    merge(test_session, path, &b, "made-of-wood");
    ck_notice(path, "named.json: this build has no algorithm 'made-of-cheese'", "the built-in choice is used");
    merge(test_session, path, &a, "im2col");
    merge(test_session, path, &b, "direct");
    merge(test_session, path, &odd, "winograd-2x2"); /* of 15 channels none */
    ck_notice(path, "named.json: this device cannot use 'winograd-2x2' there", "");

    pst_error error = {0};
    pst_session other;
    another(&other, &error);
    snprintf(other.device.info.driver_version, sizeof other.device.info.driver_version, "another");
    merge(&other, path, &a, "made-of-cheese"); /* what the file held is gone */
    ck_notice(path, "made for another driver (another); it is used anyway, but ", "'made-of-cheese'");

    ck_ok(test_error, pst_choices_path(test_session, &own));
    ck_ok(test_error, pst_folder_create_for(&test_error, own));
    merge(test_session, own, &a, "made-of-cheese"); /* the device's own may be of a build that knew more */
    ck_notice(NULL, "", "");
    snprintf(text, sizeof text, "%s", own);
    pst_free(own);
    remove(text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("choices");
    TCase *tests = tcase_create("choices");
    tcase_add_unchecked_fixture(tests, open_all, test_close);
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, several_writers_lose_nothing);
    tcase_add_test(tests, who_holds_the_folder_for_ever_is_not_waited_for);
    tcase_add_test(tests, too_many_choices_are_told_as_that);
    tcase_add_test(tests, a_full_file_begins_anew);
    tcase_add_test(tests, choices_without_use_are_told_of_files_that_were_named);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
