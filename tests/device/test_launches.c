/* How many kernels an evaluation with its step queues on GPUs, and how often the host waits for it. The device at hand
 * poses as a large one with 132 units and 50 MB of cache, in the long tier also as smaller ones, whose caches want
 * shorter strips; the kernels that would take long are counted only. */
/* promise: launches answers */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/machine.h"
#include "cl/kernels.h"
#include "model/weights_random.h"
#include "on_device.h"
#include "op/blocks.h"
#include "op/matrix_units.h"
#include "op/vector.h"
#include "transfer/context.h"

#define ITERATIONS 16
#define CASES 23
#define FIRST 4 /* counted from here on: the first steps of the descent differ */

static bool begins_with(const char *kernel, const char *const *beginnings) {
    while (*beginnings && strncmp(kernel, *beginnings, strlen(*beginnings)) != 0)
        beginnings++;
    return *beginnings;
}

static bool is_slow(const char *kernel) {
    return begins_with(kernel, (const char *const[]){"conv_", "winograd_", "gram_", NULL});
}

/* Roots need covariances that have been computed. */
static bool is_convolution(const char *kernel) {
    return begins_with(kernel, (const char *const[]){"conv_", "winograd_", NULL});
}

/* Units of Intel's are execution units. The caches are the last ones, but for those of a compute capability, whose
 * drivers report the first one. */
typedef struct gpu {
    const char *name, *vendor, *platform;
    unsigned units, mhz, group;
    uint64_t cache_bytes, memory_bytes;
    uint32_t major, minor; /* of NVIDIA's compute capability */
} gpu;
enum { LARGE, H200, RTX_3060, RTX_4090, RX_6600, A770, IRIS_XE };
static const gpu gpus[] = {
    [LARGE] = {"a large GPU", "any", "any", 132, 1980, 1024, 50ull << 20, 80ull << 30, 0, 0},
    [H200] = {"NVIDIA H200", "NVIDIA Corporation", "NVIDIA CUDA", 132, 1980, 1024, 4224ull << 10, 140ull << 30, 9, 0},
    [RTX_3060] = {"NVIDIA GeForce RTX 3060", "NVIDIA Corporation", "NVIDIA CUDA", 28, 1777, 1024, 784ull << 10,
                  12ull << 30, 8, 6},
    [RTX_4090] = {"NVIDIA GeForce RTX 4090", "NVIDIA Corporation", "NVIDIA CUDA", 128, 2520, 1024, 3584ull << 10,
                  24ull << 30, 8, 9},
    [RX_6600] = {"Radeon RX 6600", "AMD", "any", 28, 2491, 256, 2ull << 20, 8ull << 30, 0, 0},
    [A770] = {"Arc A770", "Intel", "any", 512, 2400, 1024, 16ull << 20, 16ull << 30, 0, 0},
    [IRIS_XE] = {"Iris Xe", "Intel", "any", 96, 1350, 512, 3840ull << 10, 12ull << 30, 0, 0},
};

static uint32_t answer(void *device, uint32_t question) {
    const gpu *g = device;
    return question == 0x4000 ? g->major : question == 0x4001 ? g->minor : 0;
}

static void pose_as(pst_session *session, const gpu *g) {
    pst_device *device = &session->device;
    session->cpu_kernels = false;
    device->info.type = PST_DEVICE_GPU;
    snprintf(device->info.vendor, sizeof device->info.vendor, "%s", g->vendor);
    snprintf(device->info.platform, sizeof device->info.platform, "%s", g->platform);
    device->info.compute_units = g->units;
    device->info.clock_mhz = g->mhz;
    device->info.memory_bytes = g->memory_bytes;
    device->info.max_allocation_bytes = g->memory_bytes / 4;
    device->info.max_work_group_size = g->group;
    device->info.local_memory_bytes = 48 << 10;
    device->quirks = pst_quirks_find(&device->info, answer, (void *)(size_t)g);
    device->cache_bytes = g->cache_bytes < device->quirks.cache_bytes ? device->quirks.cache_bytes : g->cache_bytes;
}

typedef struct counter {
    const pst_session *session;
    unsigned launches, waits; /* until the last call */
    unsigned sum, most, most_waits, count;
} counter;

static bool count(void *user, const pst_progress *progress) {
    counter *c = user;
    unsigned launches = c->session->launches - c->launches, waits = c->session->waits - c->waits;
    c->launches = c->session->launches;
    c->waits = c->session->waits;
    if (progress->iteration >= FIRST) {
        c->sum += launches;
        c->count++;
        c->most = launches > c->most ? launches : c->most;
        c->most_waits = waits > c->most_waits ? waits : c->most_waits;
    }
    return false;
}

static pst_image *noise(pst_context *context, int side, uint64_t seed) {
    size_t values = 3 * (size_t)side * (size_t)side;
    float *rgb = malloc(values * sizeof *rgb);
    pst_image *image;
    ck_assert_ptr_nonnull(rgb);
    for (size_t i = 0; i < values; i++)
        rgb[i] = 127.5f + 100 * test_random(&seed);
    ck_assert_int_eq(pst_image_create(context, side, side, rgb, &image), PST_OK);
    free(rgb);
    return image;
}

START_TEST(an_evaluation_takes_few_launches) {
    static const struct {
        const char *preset;
        int side;
        unsigned mean, most;
        int gpu;
    } cases[CASES] = {
        {"0.1", 128, 80, 83, LARGE},      {"0.1", 512, 102, 105, LARGE},     {"0.1", 1024, 160, 163, LARGE},
        {"best", 128, 107, 110, LARGE},   {"best", 512, 131, 134, LARGE},    {"0.1", 128, 92, 95, RTX_3060},
        {"0.1", 512, 105, 108, RTX_3060}, {"0.1", 1024, 165, 168, RTX_3060}, {"0.1", 128, 92, 95, RX_6600},
        {"0.1", 512, 105, 108, RX_6600},  {"0.1", 1024, 165, 168, RX_6600},  {"0.1", 128, 90, 93, A770},
        {"0.1", 512, 104, 107, A770},     {"0.1", 1024, 178, 181, A770},     {"0.1", 128, 94, 97, IRIS_XE},
        {"0.1", 512, 104, 107, IRIS_XE},  {"0.1", 1024, 164, 167, IRIS_XE},  {"0.1", 128, 80, 83, H200},
        {"0.1", 512, 102, 105, H200},     {"0.1", 1024, 160, 163, H200},     {"0.1", 128, 80, 83, RTX_4090},
        {"0.1", 512, 272, 275, RTX_4090}, {"0.1", 1024, 884, 887, RTX_4090}};
    pst_context *context;
    pst_weights *weights;
    pst_job *job;
    pst_context_options of_context;
    if (cases[_i].gpu != LARGE && !test_long())
        return;
    pst_context_options_init(&of_context, sizeof of_context);
    of_context.choices_file = ""; /* none */
    pst_status status = pst_context_create(&of_context, &context);
    if (status == PST_ERROR_NO_DEVICE)
        exit(TEST_SKIPPED);
    ck_assert_int_eq(status, PST_OK);
    pose_as(context->session, &gpus[cases[_i].gpu]);
    context->session->skip = strcmp(cases[_i].preset, "best") == 0 ? is_convolution : is_slow;
    ck_ok(context->error, pst_weights_vgg19(&context->error, &weights));
    ck_ok(context->error, pst_weights_randomize(&context->error, weights));
    pst_network network = {.context = context, .model = weights};
    pst_image *content = noise(context, cases[_i].side, 1), *style = noise(context, cases[_i].side, 2);
    pst_transfer_options options;
    pst_transfer_options_init(&options, sizeof options);
    ck_assert_int_eq(pst_transfer_options_preset(&options, cases[_i].preset), PST_OK);
    options.content = content;
    options.styles = (const pst_image *const *)&style;
    options.style_count = 1;
    options.image_size = cases[_i].side;
    options.iterations = ITERATIONS;
    options.scales = 1;
    counter c = {.session = context->session};
    ck_ok(context->error, pst_job_create(context, &network, &options, &job));
    ck_ok(context->error, pst_job_run(job, count, &c));
    printf("%s, %s, %d pixels: %.1f launches on the mean, %u at most, %u waits; peak %.1f TFLOP/s\n",
           gpus[cases[_i].gpu].name, cases[_i].preset, cases[_i].side, (double)c.sum / c.count, c.most, c.most_waits,
           1e-12 * pst_peak_flops(context->session));
    ck_assert_uint_ge(c.count, ITERATIONS - FIRST);
    ck_assert_uint_le(c.sum, cases[_i].mean * c.count);
    ck_assert_uint_le(c.most, cases[_i].most);
    ck_assert_uint_eq(c.most_waits, 1);
    pst_job_destroy(job);
    pst_image_destroy(content);
    pst_image_destroy(style);
    pst_weights_destroy(weights);
    pst_context_destroy(context);
}
END_TEST

/* What begins and ends so in a file of kernels is replaced; to NULL: just that. */
typedef struct edit {
    const char *file, *from, *to, *instead;
} edit;

typedef struct altered {
    test_form form;
    edit edits[2];
    bool right; /* matrix units are found where there may be some */
    bool rest;  /* in the long tier only */
} altered;

/* A GPU's assembly is replaced, for compilers for CPUs do not survive it: by sums of floats, if it shall be right. */
#define SUMS                                                                                                     \
    {                                                                                                            \
        "block_gpu.cl", "static inline void mma(", "#endif",                                                     \
            "static inline void multiply_step(local const float *a, local const float *b, vecn acc[ROWS][NV]) {" \
            "    for (int k = 0; k < BK; k++)"                                                                   \
            "        for (int r = 0; r < ROWS; r++)"                                                             \
            "            for (int v = 0; v < NV; v++)"                                                           \
            "                acc[r][v] += a[k * AP + ROW(r)] * LOCALN(b + k * BP + COLUMN(v));"                  \
            "}\n#endif"                                                                                          \
    }
#define WRONG(file, what, condition, rest) \
    { TEST_GPU, {SUMS, {file, what ";", NULL, what " + (vecn)((" condition ") ? 1.0f : 0.0f);"}}, false, rest }
#define WRONG_PRODUCTS(condition, rest) WRONG("winograd_products_gpu.cl", "= acc[r][q]", condition, rest)
static const altered alterations[] = {
    {TEST_GPU, {SUMS}, true, false},
    {TEST_GPU, {{"block_gpu.cl", "__asm__", ");", "this is no statement;"}}, false},
    {TEST_GPU, {{"block_gpu.cl", "__asm__", ");", "d[0] = 1;"}}, false},
    {TEST_GPU, {SUMS, {"block_gpu.cl", "reqd_work_group_size(TH,", NULL, "reqd_work_group_size(2 * TH,"}}, false},
    WRONG_PRODUCTS("SIDE == 4 && !TURNED", true),
    WRONG_PRODUCTS("SIDE == 4 && TURNED", true),
    WRONG_PRODUCTS("SIDE == 6 && !TURNED", true),
    WRONG_PRODUCTS("SIDE == 6 && TURNED", false),
    WRONG("gram_gpu.cl", "= acc[r][v]", "MAPS == 1", true),
    WRONG("gram_gpu.cl", "= acc[r][v]", "MAPS == 5", true),
    WRONG("gram_gpu.cl", "acc[r][v] * scale", "true", true),
    WRONG("roots_gpu.cl", "acc[r][v] * p.factor", "true", false),
    WRONG("products_gpu.cl", "= acc[r][v]", "true", false),
    {TEST_CPU, {{"matrix_cpu.cl", "p >> 16", NULL, "p >> ;"}}, false},
    {TEST_CPU, {{"matrix_cpu.cl", "p >> 16", NULL, "p >> 24"}}, false},
    {TEST_CPU, {{"matrix_cpu.cl", "p >> 16", NULL, "p >> 16"}}, true},
};

/* The text with what the edit says; the former text is freed. */
static char *edited(char *text, const edit *e) {
    const char *from = strstr(text, e->from);
    ck_assert_msg(from, "no '%s' in %s", e->from, e->file);
    const char *to = e->to ? strstr(from, e->to) : from;
    ck_assert_ptr_nonnull(to);
    to += strlen(e->to ? e->to : e->from);
    const size_t bytes = strlen(text) + strlen(e->instead) + 1;
    char *all = malloc(bytes);
    ck_assert_ptr_nonnull(all);
    snprintf(all, bytes, "%.*s%s%s", (int)(from - text), text, e->instead, to);
    free(text);
    return all;
}

/* All kernels in a folder, some of them altered. */
static void write_kernels(const altered *a) {
    for (const embedded_file *file = pst_kernel_files; file->name; file++) {
        char *text = malloc(file->bytes + 1);
        ck_assert_ptr_nonnull(text);
        memcpy(text, file->data, file->bytes);
        text[file->bytes] = '\0';
        for (int i = 0; i < 2; i++)
            if (a->edits[i].file && strcmp(file->name, a->edits[i].file) == 0)
                text = edited(text, &a->edits[i]);
        test_write(test_path(file->name), text, strlen(text));
        free(text);
    }
}

static void open_with(const altered *a) {
    char folder[1024];
    write_kernels(a);
    snprintf(folder, sizeof folder, "%s", test_path("common.cl"));
    *strrchr(folder, '/') = '\0';
    setenv("PASTICHE_KERNELS", folder, 1);
    test_open(a->form);
    unsetenv("PASTICHE_KERNELS");
}

static void sum_case(const void *arg) {
    const double numbers[16] = {-3, 4};
    pst_sums sums;
    (void)arg;
    test_sums(&sums, 1);
    ck_ok(test_error, pst_absolute_sum(test_session, test_floats(numbers, 16), 16, &sums, 0));
    ck_assert_double_eq(test_sum_in(&sums, 0), 4);
}

/* cl/built_ins.cl has no fdim, the positive part of a difference. */
START_TEST(a_function_that_is_not_declared_is_found_all_the_same) {
    open_with(
        &(altered){TEST_CPU, {{"vector.cl", "s += fabs(LOADW(at, x));", NULL, "s += fdim(LOADW(at, x),0);"}}, true});
    test_twice(sum_case, NULL);
    test_close();
}
END_TEST

/* Looks for matrix units anew, on a device that may have some. */
static void find_units(test_form form) {
    if (form == TEST_GPU) {
        test_session->device.info.type = PST_DEVICE_GPU;
        test_session->device.quirks.matrix_units = true;
    }
    test_session->matrix_units_known = false;
    test_error = (pst_error){0};
    ck_ok(test_error, pst_matrix_units_find(test_session));
    ck_assert_str_eq(test_error.text, "");
    ck_assert(!test_session->lost);
    ck_assert(!pst_block_forms[pst_block_form_default(test_session)].matrix);
}

START_TEST(every_program_of_matrix_units_is_proven) {
    const altered *a = &alterations[_i];
    if (a->rest && !test_long())
        return;
    open_with(a);
    const bool cpu = test_session->device.info.type == PST_DEVICE_CPU,
               may = a->form == TEST_GPU || (cpu && test_session->device.quirks.matrix_units &&
                                             test_session->device.vector_width >= 16 && pst_machine_matrix_units());
    test_session->matrix_units = !a->right;
    find_units(a->form);
    ck_assert_int_eq(test_session->matrix_units, a->right && may);
    ck_assert_int_eq(pst_block_form_fits(test_session, PST_BLOCK_FORMS - 1), a->form == TEST_GPU && a->right);
    ck_assert_uint_eq(test_session->refused, 0);
    test_close();
}
END_TEST

START_TEST(matrix_units_that_compile_slowly_are_refused) {
    const struct timespec nap = {.tv_nsec = 20000000};
    open_with(alterations);
    test_session->compile_seconds = 1e-6;
    find_units(TEST_GPU);
    ck_assert(!test_session->matrix_units);
    ck_assert_uint_eq(test_session->refused, pst_block_form_bit(PST_BLOCK_FORMS - 1));
    while (pst_is_compiling())
        nanosleep(&nap, NULL);
    test_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("launches");
    TCase *tests = tcase_create("a large GPU");
    tcase_add_loop_test(tests, an_evaluation_takes_few_launches, 0, CASES);
    tcase_add_test(tests, a_function_that_is_not_declared_is_found_all_the_same);
    suite_add_tcase(suite, tests);
    tests = tcase_create("matrix units");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, every_program_of_matrix_units_is_proven, 0, sizeof alterations / sizeof *alterations);
    tcase_add_test(tests, matrix_units_that_compile_slowly_are_refused);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
