/* Lists every program that the library builds on a device, with its options, by doing what the library can do on one
 * that only poses as it (posing_device.h):
 *
 *   list_programs TARGET OUT usual|all [KERNELS]
 *
 * writes OUT/0.cl, 1.cl ... and OUT/list, with number, options and kernels of each. The tables of the library say what
 * there is to do: a job for every value of every option, and (all) every algorithm of the menu with every pooling, for
 * small images too.
 *
 *   list_programs TARGET groups
 *
 * fails if a run at 128 pixels asks for a group that leaves lanes of the device idle, or for more registers at the cost
 * of half the work-items. */
/* promise: lanes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "blas/known_answers.h"
#include "forced.h"
#include "model/weights_random.h"
#include "op/matrix_answers.h"
#include "posing_device.h"
#include "support.h"
#include "transfer/context.h"
#include "transfer/transfer_options.h"

enum { WIDTH = 64, HEIGHT = 48 };

static pst_context *context;
static pst_network network;
static pst_image *image, *mask;
static const pst_image *styles[2], *style_masks[2];

/* In place of the library's: products on a device that computes nothing are right. */
pst_status pst_known_answers(pst_session *session, pst_gemm *gemm, bool *right) {
    (void)session;
    (void)gemm;
    *right = true;
    return PST_OK;
}

bool pst_matrix_answer_is_right(const pst_matrix_product *p, const float *left, const float *right, const float *out) {
    (void)p, (void)left, (void)right, (void)out;
    return true;
}

/* Weights that are made up cannot be read again. */
void pst_weights_forget(pst_weights *model) { (void)model; }
void pst_weights_destroy(pst_weights *model) { (void)model; }

static void need(pst_status status, const char *what) {
    if (status == PST_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, context ? pst_context_message(context) : "");
    exit(1);
}

static void open_context(const char *kernels) {
    pst_context_options options;
    pst_error error = {0};
    static float noise[WIDTH * HEIGHT * 3], halves[WIDTH * HEIGHT * 3];
    uint64_t seed = 1;
    pst_context_options_init(&options, sizeof options);
    options.kernel_folder = kernels;
    options.choices_file = "";
    need(pst_context_create(&options, &context), "context");
    network.context = context;
    need(pst_weights_vgg19(&error, &network.model), "network");
    need(pst_weights_randomize(&error, network.model), "network");
    need(pst_copy_text(&error, "made up", &network.model->path), "network");
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
        noise[i] = 127 + 100 * test_random(&seed);
        halves[i] = i / 3 % WIDTH < WIDTH / 2 ? 255 : 0;
    }
    need(pst_image_create(context, WIDTH, HEIGHT, noise, &image), "image");
    need(pst_image_create(context, WIDTH, HEIGHT, halves, &mask), "mask");
    styles[0] = styles[1] = image;
}

static pst_transfer_options job_of(int size) {
    pst_transfer_options options;
    pst_transfer_options_init(&options, sizeof options);
    options.content = options.start_image = image;
    options.styles = styles;
    options.style_count = 1;
    options.image_size = size;
    options.scales = 1;
    options.iterations = 3;
    return options;
}

/* PST_ERROR_ARGUMENT is for options that do not go together. A loss of zeros may end the run in any way. */
static bool run(const pst_transfer_options *options) {
    pst_job *job;
    pst_status status = pst_job_create(context, &network, options, &job);
    if (status == PST_OK)
        pst_job_run(job, NULL, NULL);
    else if (status != PST_ERROR_ARGUMENT)
        need(status, "job");
    pst_job_destroy(job);
    return status == PST_OK;
}

/* From coarse to fine, with every pooling. */
static void default_run(void) {
    for (int pooling = 0; pooling < 3; pooling++) {
        pst_transfer_options options = job_of(512);
        options.pooling = (pst_pooling)pooling;
        options.scales = 0;
        options.iterations = 60;
        run(&options);
    }
}

static void every_algorithm(int size) {
    pst_conv_engine engine = {context->session, context->gemm, (size_t)1 << 26, NULL};
    pst_device_network *net;
    need(pst_device_network_create(&engine, network.model, &net), "network");
    for (size_t i = 0; pst_conv_menu[i]; i++)
        for (int pooling = 0; pooling < 3; pooling++) {
            pst_transfer_options options = job_of(size);
            options.pooling = (pst_pooling)pooling;
            need(force_algorithm(&context->error, net, size * HEIGHT / WIDTH, size, pst_conv_menu[i]->name,
                                 &context->devices[0].choices),
                 "choices");
            run(&options);
        }
    pst_conv_choices_clear(&context->devices[0].choices);
    pst_device_network_destroy(net);
}

static void set(pst_transfer_options *options, const pst_option_info *row, int value) {
    if (row->type == PST_OPTION_BOOL)
        *(bool *)((char *)options + row->offset) = value;
    else
        *(int *)((char *)options + row->offset) = value;
}

static void every_option(int size) {
    size_t count;
    const pst_option_info *table = pst_transfer_option_table(&count);
    for (const pst_option_info *row = table; row < table + count; row++)
        for (int value = 0; (row->type == PST_OPTION_ENUM || row->type == PST_OPTION_BOOL) && value <= row->most;
             value++) {
            pst_transfer_options options = job_of(size);
            set(&options, row, value);
            if (!run(&options)) {
                options.optimizer = PST_OPTIMIZER_ADAM;
                run(&options);
            }
        }
}

/* A region of its own style beside one that stays the content. */
static void every_region(int size) {
    for (int loss = 0; loss < 3; loss++)
        for (int mode = 0; mode < 3; mode++) {
            pst_transfer_options options = job_of(size);
            options.loss_form = (pst_loss_form)loss;
            options.guide_mode = (pst_guide_mode)mode;
            options.content_mask = mask;
            options.style_masks = style_masks;
            run(&options);
            options.styles = &styles[0];
            options.style_count = 2;
            style_masks[0] = mask;
            run(&options);
            style_masks[0] = NULL;
        }
}

static void stored_styles_and_tuning(int size) {
    pst_transfer_options options = job_of(size);
    pst_style *style;
    pst_bench_options bench;
    need(pst_style_create(context, &network, &options, NULL, &style), "style");
    options.stored_styles = (const pst_style *const *)&style;
    options.styles = NULL;
    run(&options);
    pst_style_destroy(style);
    pst_bench_options_init(&bench, sizeof bench);
    bench.sizes = &size;
    bench.size_count = 1;
    bench.seconds = 0.001;
    pst_bench(context, &network, &bench, NULL, NULL); /* its results are wrong */
}

static void write_list(const char *folder) {
    char path[1024];
    int number = 0;
    snprintf(path, sizeof path, "%s/list", folder);
    FILE *list = fopen(path, "w");
    for (const posing_program *program = posing_programs; list && program; program = program->next) {
        if (!strstr(program->options, "-DPST_")) /* CLBlast's */
            continue;
        fprintf(list, "%d\t%s\t", number, program->options);
        for (size_t i = 0; i < program->kernel_count; i++)
            fprintf(list, "%s%s", i ? " " : "", program->kernels[i]);
        fprintf(list, "\n");
        snprintf(path, sizeof path, "%s/%d.cl", folder, number++);
        FILE *source = fopen(path, "w");
        if (!source || fputs(program->source, source) < 0 || fclose(source))
            need(PST_ERROR_FILE, path);
    }
    if (!list || fclose(list))
        need(PST_ERROR_FILE, path);
}

/* Programs that ask for more registers than work-items have otherwise. */
static size_t with_more_registers(void) {
    const char *more = context->session->device.quirks.more_registers;
    size_t count = 0;
    for (const posing_program *program = posing_programs; program; program = program->next)
        count += *more && strstr(program->options, more);
    return count;
}

/* Waves are 64 wide on AMD's GPUs and 32 on NVIDIA's; Intel's have barriers for half as many groups of 16 as fit. */
static int check_groups(const char *target) {
    for (int pooling = 0; pooling < 3; pooling++) {
        pst_transfer_options options = job_of(128);
        options.pooling = (pst_pooling)pooling;
        run(&options);
    }
    size_t least = strncmp(target, "gfx", 3) == 0 ? 64 : 32;
    printf("%s: %zu launches, the smallest group is %s's of %zu\n", target, posing_launches, posing_smallest_kernel,
           posing_smallest);
    return posing_launches && posing_smallest >= least && !with_more_registers() ? 0 : 1;
}

int main(int argc, char **argv) {
    bool groups = argc == 3 && strcmp(argv[2], "groups") == 0;
    if ((argc < 4 && !groups) || !posing_as(argv[1])) {
        fprintf(stderr, "usage: list_programs TARGET OUT usual|all [KERNELS]\n"
                        "       list_programs TARGET groups\n");
        return 2;
    }
    open_context(argc > 4 ? argv[4] : NULL);
    if (groups)
        return check_groups(argv[1]);
    default_run();
    every_option(128);
    every_region(128);
    stored_styles_and_tuning(128);
    if (strcmp(argv[3], "all") == 0) {
        every_algorithm(512);
        every_algorithm(64);
        if (*context->session->device.quirks.more_registers && !with_more_registers()) {
            fprintf(stderr, "no program asks for more registers\n");
            return 1;
        }
    }
    write_list(argv[2]);
    return 0;
}
