/* The tuner: what is kept in files and comes back, what is passed over, and that what computes wrongly is never chosen.
 * The benchmark from the outside. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "blas/gemm_create.h"
#include "on_device.h"
#include "op/choices.h"
#include "tune/choices_file.h"
#include "tune/tune.h"

static const pst_conv_shape plain = {64, 48, 64, 64, false, PST_POOL_NONE},
                            pooled = {64, 48, 64, 64, false, PST_POOL_MAX};
static const pst_conv_shape back = {64, 48, 64, 64, true, PST_POOL_NONE},
                            small = {44, 24, 16, 32, false, PST_POOL_NONE};

static pst_gemm *gemm;
static char foreign[256];

static void open_all(void) {
    test_open(TEST_CPU);
    ck_ok(test_error, pst_gemm_create(test_session, &gemm));
    /* The driver has found its own cache by now. */
    setenv("XDG_CACHE_HOME", test_path("cache"), 1);
}

static void close_all(void) {
    pst_gemm_destroy(gemm);
    test_close();
}

/* ---- hashing ---- */

START_TEST(hashes_are_the_published_ones) {
    ck_assert(pst_hash(PST_HASH_START, "", 0) == 0xcbf29ce484222325u);
    ck_assert(pst_hash(PST_HASH_START, "a", 1) == 0xaf63dc4c8601ec8cu);
    ck_assert(pst_hash(PST_HASH_START, "foobar", 6) == 0x85944171f73967e8u);
    ck_assert(pst_hash_text(pst_hash_text(PST_HASH_START, "ab"), "c") !=
              pst_hash_text(pst_hash_text(PST_HASH_START, "a"), "bc"));
}
END_TEST

/* ---- the table ---- */

START_TEST(a_table_is_consulted_before_the_defaults) {
    pst_conv_choices choices = {0};
    pst_conv_engine engine = {.session = test_session, .gemm = gemm, .workspace_limit = 1 << 20, .choices = &choices};
    const pst_conv_algorithm *usual = pst_conv_default(&engine, &plain);
    ck_assert_ptr_null(pst_conv_chosen(&engine, &plain));
    ck_assert_ptr_eq(pst_conv_choose(&engine, &plain), usual);

    ck_ok(test_error, pst_conv_choices_set(&test_error, &choices, &plain, "im2col"));
    ck_assert_ptr_eq(pst_conv_choose(&engine, &plain), &pst_conv_im2col);
    ck_assert_ptr_null(pst_conv_chosen(&engine, &pooled));
    ck_assert_ptr_null(pst_conv_chosen(&engine, &back));
    pst_conv_shape other = plain;
    other.h *= 4; /* as far as one may stand for another */
    ck_assert_ptr_eq(pst_conv_choose(&engine, &other), &pst_conv_im2col);
    ck_ok(test_error, pst_conv_choices_set(&test_error, &choices, &other, "direct"));
    ck_assert_ptr_eq(pst_conv_choose(&engine, &other), &pst_conv_direct);
    other.h = 80; /* nearer to the first */
    ck_assert_ptr_eq(pst_conv_choose(&engine, &other), &pst_conv_im2col);
    other.h = 16 * 64 + 4;
    ck_assert_ptr_null(pst_conv_chosen(&engine, &other));

    ck_ok(test_error, pst_conv_choices_set(&test_error, &choices, &plain, "made-of-cheese"));
    ck_assert_ptr_eq(pst_conv_choose(&engine, &plain), usual);
    ck_ok(test_error, pst_conv_choices_set(&test_error, &choices, &pooled, "direct")); /* which cannot pool */
    ck_assert_ptr_eq(pst_conv_choose(&engine, &pooled), pst_conv_default(&engine, &pooled));
    ck_assert_uint_eq(choices.count, 3);
    ck_assert_int_eq(
        pst_conv_choices_set(&test_error, &choices, &plain, "a-name-that-is-much-longer-than-any-algorithm-has"),
        PST_ERROR_FORMAT);
    pst_conv_choices_clear(&choices);
}
END_TEST

START_TEST(the_larger_tile_is_for_large_maps_with_narrow_vectors) {
    const pst_conv_engine engine = {.session = test_session, .gemm = gemm, .workspace_limit = 1 << 20};
    const pst_conv_shape large = {128, 128, 256, 256, false, PST_POOL_NONE},
                         middle = {64, 43, 512, 512, false, PST_POOL_NONE},
                         tiny = {32, 32, 512, 512, false, PST_POOL_NONE};
    const int width = test_session->device.vector_width;
    pst_conv_shape kept = middle;
    kept.kept = true;
    test_session->device.vector_width = 8;
    ck_assert_ptr_eq(pst_conv_default(&engine, &large), &pst_conv_winograd_large_deep);
    ck_assert_ptr_eq(pst_conv_default(&engine, &kept), &pst_conv_winograd_large_deep);
    ck_assert_ptr_eq(pst_conv_default(&engine, &middle), &pst_conv_winograd_large_deep);
    ck_assert_ptr_eq(pst_conv_default(&engine, &tiny), &pst_conv_winograd_deep);
    test_session->refused = pst_conv_bit(&pst_conv_winograd_large_deep);
    ck_assert_ptr_eq(pst_conv_default(&engine, &large), &pst_conv_winograd_deep);
    test_session->refused = 0;
    test_session->device.vector_width = width;
}
END_TEST

/* ---- files ---- */

static void fill(pst_conv_choices *choices, bool backwards) {
    const pst_conv_shape *shapes[] = {&plain, &pooled, &back};
    const char *const names[] = {"direct", "im2col", "some-day"};
    for (int i = 0; i < 3; i++) {
        int at = backwards ? 2 - i : i;
        ck_ok(test_error, pst_conv_choices_set(&test_error, choices, shapes[at], names[at]));
    }
}

static char *load(const char *path, size_t *bytes) {
    uint8_t *data;
    ck_ok(test_error, pst_file_load(&test_error, path, 1 << 20, &data, bytes));
    return (char *)data;
}

START_TEST(choices_come_back_and_are_the_same_bytes) {
    pst_conv_choices first = {0}, second = {0}, read = {0};
    size_t bytes, others;
    char path[1024], other[1024];
    strcpy(path, test_path("a/folder/that/is/new/choices.json"));
    strcpy(other, test_path("choices.json"));
    fill(&first, false);
    fill(&second, true);
    ck_ok(test_error, pst_folder_create_for(&test_error, path));
    ck_ok(test_error, pst_choices_write(test_session, path, &first));
    ck_ok(test_error, pst_choices_write(test_session, other, &second));
    char *a = load(path, &bytes), *b = load(other, &others);
    ck_assert(bytes == others && memcmp(a, b, bytes) == 0);
    ck_ok(test_error, pst_choices_read(test_session, path, &read, foreign));
    ck_assert_str_eq(foreign, "");
    ck_assert_uint_eq(read.count, first.count);
    for (size_t i = 0; i < read.count; i++) {
        ck_assert_str_eq(read.entries[i].algorithm, first.entries[i].algorithm);
        ck_assert_int_eq(read.entries[i].shape.pool, first.entries[i].shape.pool);
        ck_assert_int_eq(read.entries[i].shape.w, 48);
    }
    pst_free(a);
    pst_free(b);
    pst_conv_choices_clear(&first);
    pst_conv_choices_clear(&second);
    pst_conv_choices_clear(&read);
}
END_TEST

/* Cut anywhere it is refused whole; with any byte changed it is refused or read, and never half. */
START_TEST(damaged_files_add_nothing) {
    pst_conv_choices choices = {0}, read = {0};
    const char *path = test_path("choices.json");
    size_t bytes;
    fill(&choices, false);
    ck_ok(test_error, pst_choices_write(test_session, path, &choices));
    char *text = load(path, &bytes);
    for (size_t cut = 0; cut + 1 < bytes; cut += 7) {
        test_write(path, text, cut);
        ck_assert_int_eq(pst_choices_read(test_session, path, &read, foreign), PST_ERROR_FORMAT);
        ck_assert_uint_eq(read.count, 0);
    }
    for (size_t at = 0; at < bytes; at += 3) {
        char old = text[at];
        text[at] = (char)(old ^ 21);
        test_write(path, text, bytes);
        pst_status status = pst_choices_read(test_session, path, &read, foreign);
        ck_assert(status == PST_ERROR_FORMAT ? read.count == 0 : status == PST_OK && read.count <= 3);
        pst_conv_choices_clear(&read);
        text[at] = old;
    }
    static const char *const wrong[] = {"null",
                                        "[]",
                                        "{}",
                                        "{\"format\": \"pastiche choices 1\"}",
                                        "{\"format\": \"pastiche choices 1\", \"choices\": [{}]}",
                                        "{\"format\": \"pastiche choices 2\", \"choices\": []}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_write(path, wrong[i], strlen(wrong[i]));
        ck_assert_int_eq(pst_choices_read(test_session, path, &read, foreign), PST_ERROR_FORMAT);
    }
    ck_assert_int_eq(pst_choices_read(test_session, test_path("not-there.json"), &read, foreign), PST_ERROR_FILE);
    pst_free(text);
    pst_conv_choices_clear(&choices);
}
END_TEST

START_TEST(allocations_that_fail_while_reading_add_nothing) {
    pst_conv_choices choices = {0}, read = {0};
    const char *path = test_path("choices.json");
    fill(&choices, false);
    ck_ok(test_error, pst_choices_write(test_session, path, &choices));
    for (unsigned n = 1;; n++) {
        pst_memory_fail_at(n, false);
        pst_status status = pst_choices_read(test_session, path, &read, foreign);
        pst_memory_fail_at(0, false);
        if (status == PST_OK)
            break;
        ck_assert_int_eq(status, PST_ERROR_MEMORY);
        ck_assert_uint_eq(read.count, 0);
        ck_assert_uint_lt(n, 1000);
    }
    pst_conv_choices_clear(&read);
    pst_conv_choices_clear(&choices);
}
END_TEST

/* The own file of the device with a part replaced. */
static void write_own(const char *what, const char *with) {
    pst_conv_choices choices = {0};
    char *path;
    size_t bytes;
    fill(&choices, false);
    ck_ok(test_error, pst_choices_path(test_session, &path));
    ck_ok(test_error, pst_folder_create_for(&test_error, path));
    ck_ok(test_error, pst_choices_write(test_session, path, &choices));
    if (what) {
        static char text[4096], all[8192];
        char *loaded = load(path, &bytes);
        ck_assert_uint_lt(bytes, sizeof text);
        memcpy(text, loaded, bytes + 1);
        pst_free(loaded);
        const char *at = strstr(text, what);
        ck_assert_ptr_nonnull(at);
        snprintf(all, sizeof all, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
        test_write(path, all, strlen(all));
    }
    pst_conv_choices_clear(&choices);
    pst_free(path);
}

/* How many choices a context finds, and whether it says something. */
static void ck_context(const char *file, pst_status expected, size_t count, const char *notice) {
    pst_context_options options;
    pst_context *context;
    const char *said;
    pst_context_options_init(&options, sizeof options);
    options.choices_file = file;
    ck_assert_int_eq(pst_context_create(&options, &context), expected);
    ck_assert_uint_eq(pst_context_choices(context, &said), count);
    if (expected == PST_OK)
        ck_assert_msg(*notice ? strstr(said, notice) != NULL : !*said, "no '%s' in '%s'", notice, said);
    pst_context_destroy(context);
}

START_TEST(stale_and_foreign_files_are_passed_over) {
    write_own(NULL, NULL);
    ck_context(NULL, PST_OK, 3, "");
    ck_context("", PST_OK, 0, "");
    write_own("\"driver\": \"", "\"driver\": \"old ");
    ck_context(NULL, PST_OK, 0, "another driver");
    write_own("\"device\": \"", "\"device\": \"some other ");
    ck_context(NULL, PST_OK, 0, "another device");
    write_own("\"kernels\": \"", "\"kernels\": \"0");
    ck_context(NULL, PST_OK, 0, "another version of the kernels");
    char *path;
    ck_ok(test_error, pst_choices_path(test_session, &path));
    ck_context(path, PST_OK, 3, "used anyway"); /* named, to repeat a run */
    write_own("\"forward\"", "\"sideways\"");
    ck_context(NULL, PST_OK, 0, "is invalid");
    ck_context(path, PST_ERROR_FORMAT, 0, "");
    remove(path);
    ck_context(NULL, PST_OK, 0, "");
    ck_context(path, PST_ERROR_FILE, 0, "");
    pst_free(path);
}
END_TEST

/* ---- candidates that are not what they seem ---- */

static pst_status run_nothing(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t) {
    (void)engine, (void)shape, (void)t;
    return PST_OK;
}

static pst_status run_zeros(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t) {
    (void)shape;
    return pst_buffer_zero(engine->session, t->out, t->out->bytes / 2);
}

/* Right where it is compared as a whole, wrong where it is measured. */
static pst_status run_large_wrongly(const pst_conv_engine *engine, const pst_conv_shape *shape,
                                    const pst_conv_tensors *t) {
    return shape->h < 12 ? pst_conv_im2col.run(engine, shape, t) : run_zeros(engine, shape, t);
}

static pst_status run_and_fail(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t) {
    (void)shape, (void)t;
    return pst_session_check(engine->session, CL_INVALID_KERNEL_ARGS, "clEnqueueNDRangeKernel", "a test");
}

static pst_status run_beyond(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t) {
    const float more[4] = {0};
    pst_status status = pst_conv_im2col.run(engine, shape, t);
    return status == PST_OK ? pst_buffer_write(engine->session, t->out, t->out->bytes - sizeof more, more, sizeof more)
                            : status;
}

static pst_status run_without_bits(const pst_conv_engine *engine, const pst_conv_shape *shape,
                                   const pst_conv_tensors *t) {
    pst_status status = pst_conv_im2col.run(engine, shape, t);
    return status == PST_OK && t->bits ? pst_buffer_zero(engine->session, t->bits, t->bits->bytes) : status;
}

static bool forward_only(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    (void)engine;
    return !shape->backward; /* the way back writes no bits, so that nothing is wrong with it */
}

static pst_status (*const wrong_runs[])(const pst_conv_engine *, const pst_conv_shape *, const pst_conv_tensors *) = {
    run_nothing, run_zeros, run_large_wrongly, run_and_fail, run_beyond, run_without_bits};
static const char *const problems[] = {"wrongly", "wrongly", "wrongly with", "CL_INVALID_KERNEL_ARGS",
                                       "beyond",  "bits"};
#define WRONG (sizeof wrong_runs / sizeof *wrong_runs)

static int notes;

static bool count_notes(void *user, size_t done, size_t total, const pst_conv_shape *shape, const char *note) {
    (void)user, (void)done, (void)total, (void)shape;
    notes += note != NULL;
    return false;
}

START_TEST(what_computes_wrongly_is_never_chosen) {
    pst_conv_algorithm wrong[WRONG];
    const pst_conv_algorithm *menu[WRONG + 2] = {&pst_conv_im2col};
    for (size_t i = 0; i < WRONG; i++) {
        wrong[i] = pst_conv_im2col;
        wrong[i].name = "wrong";
        wrong[i].run = wrong_runs[i];
        wrong[i].supports = wrong_runs[i] == run_without_bits ? forward_only : pst_conv_im2col.supports;
        menu[i + 1] = &wrong[i];
    }
    pst_conv_engine engine = {.session = test_session, .gemm = gemm, .workspace_limit = 1 << 24};
    pst_conv_shape shapes[] = {small, small, small};
    shapes[1].pool = PST_POOL_MAX;
    shapes[2] = (pst_conv_shape){44, 24, 32, 16, true, PST_POOL_AVERAGE};
    pst_tuning tuning;
    pst_tuning_init(&tuning);
    tuning.menu = menu;
    tuning.tell = count_notes;
    notes = 0;
    pst_candidate candidates[PST_CANDIDATES_MAX];
    size_t count;
    ck_ok(test_error, pst_tune_candidates(&engine, &small, &tuning, candidates, &count));
    ck_assert_uint_eq(count, WRONG + 1);
    for (size_t i = 0; i < WRONG; i++) {
        ck_assert(!candidates[i].measured);
        ck_assert_msg(strstr(candidates[i].problem, problems[i]) != NULL, "no '%s' in '%s'", problems[i],
                      candidates[i].problem);
    }
    ck_assert(candidates[WRONG].measured);

    pst_conv_choices choices = {0};
    ck_ok(test_error, pst_tune_shapes(&engine, shapes, 3, &tuning, &choices));
    ck_assert_uint_eq(choices.count, 3);
    for (size_t i = 0; i < choices.count; i++)
        ck_assert_str_eq(choices.entries[i].algorithm, "im2col");
    ck_assert_int_eq(notes, 3 * (int)WRONG - 1);
    pst_conv_choices_clear(&choices);
}
END_TEST

/* Also where programs are built ahead. */
START_TEST(every_algorithm_of_the_menu_is_believed) {
    test_session->device.quirks.builds_at_once = _i;
    const pst_conv_shape shapes[] = {{44, 24, 3, 16, false, PST_POOL_NONE}, {44, 24, 16, 32, false, PST_POOL_NONE},
                                     {45, 23, 32, 16, false, PST_POOL_MAX}, {44, 24, 16, 16, false, PST_POOL_AVERAGE},
                                     {44, 24, 16, 3, true, PST_POOL_NONE},  {45, 23, 32, 16, true, PST_POOL_NONE},
                                     {44, 24, 16, 32, true, PST_POOL_MAX},  {45, 23, 16, 16, true, PST_POOL_AVERAGE}};
    pst_conv_engine engine = {.session = test_session, .gemm = gemm, .workspace_limit = 1 << 24};
    pst_tuning tuning;
    pst_tuning_init(&tuning);
    tuning.hopeless = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        pst_candidate candidates[PST_CANDIDATES_MAX];
        size_t count;
        ck_ok(test_error, pst_tune_candidates(&engine, &shapes[i], &tuning, candidates, &count));
        ck_assert_uint_ge(count, 1);
        for (size_t c = 0; c < count; c++)
            ck_assert_msg(candidates[c].measured && candidates[c].timing.median > 0, "shape %zu, %s: %s", i,
                          candidates[c].algorithm->name, candidates[c].problem);
    }
}
END_TEST

/* ---- measuring ---- */

#define RUNNERS 8

static pst_status rest(void *user) {
    nanosleep(user, NULL);
    return PST_OK;
}

/* The slower half has two samples, the slower half of the others three, and so on; two are measured to the end. */
START_TEST(only_the_faster_half_goes_on) {
    struct timespec times[RUNNERS];
    void *users[RUNNERS];
    pst_timing timings[RUNNERS];
    const pst_measuring how = {.least_samples = 7, .most_samples = 7, .warm = true, .halving = true};
    int with[8] = {0};
    for (int i = 0; i < RUNNERS; i++) {
        times[i] = (struct timespec){.tv_nsec = i % 2 ? 4000000 : 80000000};
        users[i] = &times[i];
    }
    ck_ok(test_error, pst_measure_in_turn(test_session, &how, RUNNERS, rest, users, timings));
    for (int i = 0; i < RUNNERS; i++) {
        with[timings[i].samples]++;
        ck_assert_int_eq(timings[i].samples > 2, i % 2);
    }
    ck_assert(with[2] == 4 && with[3] == 2 && with[7] == 2);
}
END_TEST

/* ---- the public header ---- */

static bool stop_at_once(void *user, const pst_tune_progress *progress) {
    (void)user, (void)progress;
    return true;
}

START_TEST(tuning_is_kept_and_named_by_jobs) {
    pst_context *context;
    pst_network *network;
    pst_tune_options options;
    char *path;
    size_t count, bytes;
    test_write_network(test_path("net"), (const int[]){6, 8, 0, 0, 0}, (const int[]){2, 1, 0, 0, 0}, 1);
    ck_ok(test_error, pst_choices_path(test_session, &path));
    test_write(path, "{ damaged", 9);
    ck_assert_int_eq(pst_context_create(NULL, &context), PST_OK);
    ck_assert_int_eq(pst_network_load(context, test_path("net"), PST_CONVENTION_AUTO, &network), PST_OK);
    pst_tune_options_init(&options, sizeof options);
    options.width = 48;
    options.height = 32;
    ck_assert_int_eq(pst_tune(context, network, &options, stop_at_once, NULL), PST_STOPPED);
    ck_assert_uint_eq(pst_context_choices(context, NULL), 0);
    ck_assert(!pst_tune_known(context, network, &options));
    ck_assert_msg(pst_tune(context, network, &options, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    size_t found = pst_context_choices(context, NULL);
    ck_assert_uint_ge(found, 5);
    pst_free(load(path, &bytes));
    ck_context(NULL, PST_OK, found, ""); /* the damaged one was replaced */
    ck_assert(pst_tune_known(context, network, &options));
    pst_network *wider; /* whose later products are others */
    test_write_network(test_path("wider"), (const int[]){6, 24, 40, 0, 0}, (const int[]){1, 2, 1, 0, 0}, 1);
    ck_assert_int_eq(pst_network_load(context, test_path("wider"), PST_CONVENTION_AUTO, &wider), PST_OK);
    ck_assert(!pst_tune_known(context, wider, &options));
    pst_network_destroy(wider);
    options.width *= 9; /* for so many pixels other choices may be right */
    ck_assert(!pst_tune_known(context, network, &options));
    options.width = 0;
    ck_assert(!pst_tune_known(context, network, &options));

    pst_image *image;
    pst_job *job;
    pst_transfer_options transfer;
    ck_assert_int_eq(pst_image_create(context, 48, 32, NULL, &image), PST_OK);
    pst_transfer_options_init(&transfer, sizeof transfer);
    transfer.content = image;
    transfer.styles = (const pst_image *const *)&image;
    transfer.style_count = 1;
    transfer.image_size = 48;
    transfer.content_layers = "relu2_1";
    transfer.style_layers = "relu1_1";
    ck_assert_int_eq(pst_job_create(context, network, &transfer, &job), PST_OK);
    const pst_choice *choices = pst_job_choices(job, &count);
    ck_assert_uint_eq(count, 6);
    for (size_t i = 0; i < count; i++) {
        ck_assert(choices[i].measured);
        ck_assert_int_eq(choices[i].backward, (int)(i % 2));
        ck_assert(*choices[i].algorithm);
    }
    ck_assert_str_eq(choices[4].layer, "relu2_1");
    pst_job_destroy(job);
    pst_image_destroy(image);
    pst_network_destroy(network);
    pst_context_destroy(context);
    pst_free(path);
}
END_TEST

static int run_program(const char *arguments) {
    char command[2048];
    const char *program = getenv("PASTICHE_PROGRAM");
    ck_assert_ptr_nonnull(program);
    snprintf(command, sizeof command, "cd '%s' && '%s' %s >printed 2>said", test_path("."), program, arguments);
    return system(command);
}

START_TEST(the_benchmark_writes_every_figure) {
    int seen[5] = {0};
    size_t i, bytes;
    json_t *row;
    test_write_network(test_path("net"), (const int[]){6, 8, 0, 0, 0}, (const int[]){2, 1, 0, 0, 0}, 1);
    ck_assert_int_eq(run_program("bench --sizes 32,48 --seconds 0.01 --model net --choices none --json a.json"), 0);
    json_t *root = json_load_file(test_path("a.json"), 0, NULL), *device = json_object_get(root, "device");
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_string_value(json_object_get(root, "format")), "pastiche bench 2");
    ck_assert_str_eq(json_string_value(json_object_get(device, "name")), test_session->device.info.name);
    ck_assert(json_is_string(json_object_get(device, "driver")));
    json_array_foreach(json_object_get(root, "rows"), i, row) {
        static const char *const kinds[] = {"arithmetic", "bandwidth", "convolution", "evaluation", "kernel"};
        const char *kind = json_string_value(json_object_get(row, "kind"));
        for (int k = 0; k < 5; k++)
            seen[k] += strcmp(kind, kinds[k]) == 0;
        double median = json_number_value(json_object_get(row, "median_seconds"));
        ck_assert(json_number_value(json_object_get(row, "least_seconds")) <= median && median > 0);
        ck_assert(median <= json_number_value(json_object_get(row, "most_seconds")));
        json_t *rate = json_object_get(row, strcmp(kind, "bandwidth") ? "flops" : "bytes_per_second");
        ck_assert(json_number_value(rate) > 0 && isfinite(json_number_value(rate)));
    }
    ck_assert_int_eq(seen[0], 1);
    ck_assert_int_eq(seen[1], 2);
    ck_assert_int_ge(seen[2], 6);
    ck_assert_int_eq(seen[3], 2);
    ck_assert_int_ge(seen[4], 5);
    json_decref(root);

    ck_assert_int_eq(run_program("bench --compare a.json a.json"), 0);
    char *printed = load(test_path("printed"), &bytes);
    ck_assert(strstr(printed, "evaluation") && strstr(printed, "  1.00\n"));
    pst_free(printed);
    ck_assert_int_ne(run_program("bench --compare a.json net"), 0);
    ck_assert_int_ne(run_program("bench --compare a.json"), 0);
    ck_assert_int_ne(run_program("bench --sizes 8"), 0);
    ck_assert_int_ne(run_program("bench --sizes 32 --seconds never"), 0);
    ck_assert_int_ne(run_program("bench --sizes 32 --json no/such/folder.json"), 0);
    ck_assert_int_ne(run_program("bench --sizes 32 --model no.network --json a.json"), 0); /* a.json stays as it is */
    ck_assert_int_eq(run_program("bench --compare a.json a.json"), 0);
}
END_TEST

START_TEST(tuning_can_be_asked_for_and_fixed_by_a_file) {
    size_t bytes;
    test_write_network(test_path("net"), (const int[]){6, 8, 0, 0, 0}, (const int[]){2, 1, 0, 0, 0}, 1);
    ck_assert_int_eq(run_program("tune --image-size 32 --model net --choices mine.json"), 0);
    pst_free(load(test_path("mine.json"), &bytes));
    ck_context(test_path("mine.json"), PST_OK, 6, "");
    ck_assert_int_ne(run_program("tune --image-size 8"), 0);
    ck_assert_int_ne(run_program("tune --frobnicate"), 0);
    ck_assert_int_eq(run_program("tune --help"), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tuning");
    TCase *tests = tcase_create("tuning");
    tcase_add_unchecked_fixture(tests, open_all, close_all);
    tcase_add_test(tests, hashes_are_the_published_ones);
    tcase_add_test(tests, a_table_is_consulted_before_the_defaults);
    tcase_add_test(tests, the_larger_tile_is_for_large_maps_with_narrow_vectors);
    tcase_add_test(tests, choices_come_back_and_are_the_same_bytes);
    tcase_add_test(tests, damaged_files_add_nothing);
    tcase_add_test(tests, allocations_that_fail_while_reading_add_nothing);
    tcase_add_test(tests, stale_and_foreign_files_are_passed_over);
    tcase_add_test(tests, what_computes_wrongly_is_never_chosen);
    tcase_add_loop_test(tests, every_algorithm_of_the_menu_is_believed, 0, 2);
    tcase_add_test(tests, only_the_faster_half_goes_on);
    tcase_add_test(tests, tuning_is_kept_and_named_by_jobs);
    tcase_add_test(tests, the_benchmark_writes_every_figure);
    tcase_add_test(tests, tuning_can_be_asked_for_and_fixed_by_a_file);
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
