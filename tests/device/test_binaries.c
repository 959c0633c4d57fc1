/* Compiled programs that are kept: a second start makes none from source, whatever was damaged or refused is made
 * again, and a key stands for all that a binary depends on. PoCL keeps its own, so the folder is named here. */
/* promise: second-start damage */
#define _GNU_SOURCE /* RTLD_NEXT, setenv; must stand before any header */

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "job_fixture.h"
#include "transfer/context.h"

/* ---- between everybody, CLBlast too, and the driver ---- */

static unsigned sources, binaries;
static enum { GOOD, NO_PROGRAM, NOT_FOR_DEVICE, NOT_BUILT, NO_KERNELS, NO_BINARIES, BUILT_LATER } behavior;
static cl_program last_binary, refused;

/* ISO C has no cast from an object's address to a function's. */
#define REAL(name)          \
    __typeof__(name) *real; \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

cl_program clCreateProgramWithSource(cl_context where, cl_uint many, const char **texts, const size_t *lengths,
                                     cl_int *code) {
    REAL(clCreateProgramWithSource);
    sources++;
    last_binary = NULL; /* its address may be used again */
    return real(where, many, texts, lengths, code);
}

cl_program clCreateProgramWithBinary(cl_context where, cl_uint many, const cl_device_id *ids, const size_t *lengths,
                                     const unsigned char **contents, cl_int *codes, cl_int *code) {
    REAL(clCreateProgramWithBinary);
    *code = CL_INVALID_BINARY;
    if (behavior == NO_PROGRAM)
        return NULL;
    last_binary = real(where, many, ids, lengths, contents, codes, code);
    if (behavior == NOT_FOR_DEVICE)
        *codes = CL_INVALID_BINARY;
    binaries++;
    return last_binary;
}

cl_int clBuildProgram(cl_program program, cl_uint many, const cl_device_id *ids, const char *options,
                      void (*done)(cl_program, void *), void *user) {
    REAL(clBuildProgram);
    if ((behavior == NOT_BUILT && program == last_binary) || (behavior == BUILT_LATER && program != refused)) {
        refused = program;
        return CL_BUILD_PROGRAM_FAILURE;
    }
    return real(program, many, ids, options, done, user);
}

cl_int clGetProgramInfo(cl_program program, cl_program_info what, size_t bytes, void *value, size_t *needed) {
    REAL(clGetProgramInfo);
    cl_int code = real(program, what, bytes, value, needed);
    if ((behavior == NO_KERNELS && what == CL_PROGRAM_NUM_KERNELS && program == last_binary) ||
        (behavior == NO_BINARIES && what == CL_PROGRAM_BINARY_SIZES))
        *(size_t *)value = 0;
    return code;
}

/* ---- starts ---- */

static char folder[1024];

static void begin(const char *name) {
    snprintf(folder, sizeof folder, "%s", test_path(name));
    setenv("PASTICHE_BINARIES", folder, 1);
    behavior = GOOD;
}

static void forget_counts(void) {
    sources = binaries = 0;
    last_binary = NULL;
}

/* A process's start as far as programs go: some of them in a session of their own. */
static void start_small(unsigned from_source, unsigned from_binary) {
    static const char *const names[2][2] = {{"vector", "combine"}, {"loss", "content"}};
    pst_error error = {0};
    pst_session *session;
    forget_counts();
    ck_ok(error, pst_session_open(&error, NULL, NULL, &session));
    for (size_t i = 0; i < 2; i++) {
        const pst_kernel *kernel;
        ck_ok(error, pst_kernel_get(session, names[i][0], names[i][1], "", &kernel));
    }
    ck_assert_uint_eq(sources, from_source);
    ck_assert_uint_eq(session->compiled, from_source);
    ck_assert_uint_eq(binaries, from_binary);
    pst_session_close(session);
}

/* A whole job; the result's pixels. */
static void start(float rgb[3 * WIDTH * HEIGHT], unsigned *from_source, unsigned *from_binary) {
    forget_counts();
    job_open();
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, 3);
    pst_job *job = job_make(&options);
    pst_image *image;
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_job_result(job, &image), PST_OK);
    memcpy(rgb, image->rgb, sizeof(float) * 3 * WIDTH * HEIGHT);
    pst_image_destroy(image);
    pst_job_destroy(job);
    job_close();
    *from_source = sources;
    *from_binary = binaries;
}

START_TEST(a_second_start_compiles_nothing) {
    static const char *const forms[] = {"cpu", "gpu"};
    static float first[3 * WIDTH * HEIGHT], second[3 * WIDTH * HEIGHT];
    unsigned made, read, made_again;
    begin("starts");
    for (size_t i = 0; i < (test_long() ? 2 : 1); i++) {
        setenv("PASTICHE_KERNELS_FORM", forms[i], 1);
        start(first, &made, &read);
        ck_assert_uint_gt(made, 10);
        ck_assert_uint_eq(read, 0);
        start(second, &made_again, &read);
        ck_assert_uint_eq(made_again, 0);
        ck_assert_uint_eq(read, made);
        ck_assert_mem_eq(first, second, sizeof first);
    }
    unsetenv("PASTICHE_KERNELS_FORM");
}
END_TEST

/* ---- what is kept ---- */

static void each_file(void (*change)(const char *path)) {
    DIR *list = opendir(folder);
    ck_assert_ptr_nonnull(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        char path[1400];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            change(path);
    }
    closedir(list);
}

static void damage(const char *path) {
    pst_error error = {0};
    uint8_t *data;
    size_t bytes;
    ck_ok(error, pst_file_load(&error, path, 1 << 24, &data, &bytes));
    data[bytes / 2] ^= 4;
    test_write(path, data, bytes);
    pst_free(data);
}

static void cut(const char *path) {
    pst_error error = {0};
    uint64_t bytes;
    pst_path_examine(path, &bytes);
    uint8_t *data;
    ck_ok(error, pst_file_load(&error, path, 1 << 24, &data, NULL));
    test_write(path, data, (size_t)bytes / 2);
    pst_free(data);
}

START_TEST(what_is_damaged_is_made_again) {
    begin("damaged");
    start_small(2, 0);
    start_small(0, 2);
    each_file(damage);
    start_small(2, 0);
    start_small(0, 2);
    each_file(cut);
    start_small(2, 0);
    start_small(0, 2);
    ck_assert_int_eq(test_entries(folder), 2);
}
END_TEST

/* Whatever the driver says about its own binary, the program is made and kept again. */
START_TEST(what_the_driver_refuses_is_made_again) {
    begin("refused");
    start_small(2, 0);
    for (behavior = NO_PROGRAM; behavior < NO_BINARIES; behavior++) {
        start_small(2, behavior == NO_PROGRAM ? 0 : 2);
        ck_assert_int_eq(test_entries(folder), 2);
    }
    behavior = GOOD;
    start_small(0, 2);
}
END_TEST

/* Drivers can fail while another process builds the same program. */
START_TEST(what_fails_once_is_built_again) {
    begin("later");
    behavior = BUILT_LATER;
    start_small(2, 0);
    ck_assert_ptr_nonnull(refused);
    ck_assert_int_eq(test_entries(folder), 2);
    behavior = GOOD;
}
END_TEST

START_TEST(what_cannot_be_kept_is_no_error) {
    begin("nothing");
    behavior = NO_BINARIES;
    start_small(2, 0);
    start_small(2, 0);
    ck_assert_int_eq(pst_path_examine(folder, NULL), PST_PATH_NONE);
    begin("a file");
    test_write(folder, "a file", 6);
    start_small(2, 0);
    start_small(2, 0);
    begin("open to all");
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    start_small(2, 0);
    start_small(2, 0);
    ck_assert_int_eq(test_entries(folder), 0);
}
END_TEST

/* ---- where ---- */

START_TEST(drivers_that_keep_their_own_are_left_alone) {
    pst_error error = {0};
    pst_device device;
    pst_binaries kept;
    if (pst_device_choose(&error, NULL, &device, 1, &(size_t){0}) == PST_ERROR_NO_DEVICE)
        exit(TEST_SKIPPED);
    setenv("XDG_CACHE_HOME", "/a folder", 1);
    unsetenv("PASTICHE_BINARIES");
    for (int keeps = 0; keeps < 2; keeps++) {
        device.quirks.keeps_binaries = keeps;
        ck_ok(error, pst_binaries_open(&error, NULL, &device, &kept));
        if (keeps)
            ck_assert_ptr_null(kept.cache.folder);
        else
            ck_assert_str_eq(kept.cache.folder, "/a folder/pastiche/binaries");
        pst_binaries_close(&kept);

        setenv("PASTICHE_BINARIES", "/another", 1);
        ck_ok(error, pst_binaries_open(&error, NULL, &device, &kept));
        ck_assert_str_eq(kept.cache.folder, "/another");
        pst_binaries_close(&kept);

        setenv("PASTICHE_BINARIES", "none", 1);
        ck_ok(error, pst_binaries_open(&error, NULL, &device, &kept));
        ck_assert_ptr_null(kept.cache.folder);
        pst_binaries_close(&kept);
        unsetenv("PASTICHE_BINARIES");
    }
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    device.quirks.keeps_binaries = false;
    ck_ok(error, pst_binaries_open(&error, NULL, &device, &kept));
    ck_assert_ptr_null(kept.cache.folder);
}
END_TEST

/* Every fact that a binary depends on changes its key. */
START_TEST(a_key_is_for_one_source_device_and_driver) {
    enum { KEYS = 13 };
    static char keys[KEYS][PST_CACHE_KEY + 1];
    pst_error error = {0};
    pst_device device;
    if (pst_device_choose(&error, NULL, &device, 1, &(size_t){0}) == PST_ERROR_NO_DEVICE)
        exit(TEST_SKIPPED);
    const pst_device_info known = device.info;
    pst_binaries kept = {.device = &device, .cache = {folder, 1}};
    const char *texts[] = {"ab", "c"}, *others[] = {"a", "bc"};
    char *const facts[] = {device.info.name, device.info.vendor, device.info.platform, device.info.device_version,
                           device.info.driver_version};
    size_t count = 0;
    pst_binaries_key(&kept, 2, texts, "-DA", keys[count++]);
    pst_binaries_key(&kept, 2, others, "-DA", keys[count++]);
    pst_binaries_key(&kept, 1, texts, "-DA", keys[count++]);
    pst_binaries_key(&kept, 2, texts, "-DB", keys[count++]);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        facts[i][strlen(facts[i]) - 1] ^= 1;
        pst_binaries_key(&kept, 2, texts, "-DA", keys[count++]);
        device.info = known;
    }
    device.vector_width *= 2;
    pst_binaries_key(&kept, 2, texts, "-DA", keys[count++]);
    device.vector_width /= 2;
    device.fast_fma = !device.fast_fma;
    pst_binaries_key(&kept, 2, texts, "-DA", keys[count++]);
    device.fast_fma = !device.fast_fma;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(keys[i], keys[k]) != 0, "keys %zu and %zu are the same", i, k);
    pst_binaries_key(&kept, 2, texts, "-DA", keys[count]);
    ck_assert_str_eq(keys[count], keys[0]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("binaries");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 0);
    tcase_add_test(all, a_second_start_compiles_nothing);
    tcase_add_test(all, what_is_damaged_is_made_again);
    tcase_add_test(all, what_the_driver_refuses_is_made_again);
    tcase_add_test(all, what_fails_once_is_built_again);
    tcase_add_test(all, what_cannot_be_kept_is_no_error);
    tcase_add_test(all, a_key_is_for_one_source_device_and_driver);
    tcase_add_test(all, drivers_that_keep_their_own_are_left_alone); /* the last: it takes the environment away */
    suite_add_tcase(suite, all);
    return test_run(suite);
}
