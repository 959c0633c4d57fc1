#include "job_fixture.h"

#include <math.h>
#include <stdlib.h>

pst_context *context;
pst_network *network;
pst_image *content, *style;

static pst_image *image(uint64_t seed) {
    static float rgb[WIDTH * HEIGHT * 3];
    pst_image *image;
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        rgb[i] = 127.5f + 90 * sinf(0.02f * (float)i * (float)seed) + 30 * test_random(&seed);
    ck_assert_int_eq(pst_image_create(context, WIDTH, HEIGHT, rgb, &image), PST_OK);
    return image;
}

void job_open(void) {
    pst_status status = pst_context_create(NULL, &context);
    if (status == PST_ERROR_NO_DEVICE)
        exit(TEST_SKIPPED);
    ck_assert_int_eq(status, PST_OK);
    test_write_network(test_path("net"), (const int[]){8, 12, 0, 0, 0}, (const int[]){2, 1, 0, 0, 0}, 3);
    ck_assert_int_eq(pst_network_load(context, test_path("net"), &network), PST_OK);
    content = image(5);
    style = image(8);
}

void job_close(void) {
    pst_image_destroy(content);
    pst_image_destroy(style);
    pst_network_destroy(network);
    pst_context_destroy(context);
}

pst_transfer_options job_options(pst_optimizer_kind kind, int image_size, int iterations) {
    pst_transfer_options options;
    pst_transfer_options_init(&options, sizeof options);
    options.content = content;
    options.styles = (const pst_image *const *)&style;
    options.style_count = 1;
    options.image_size = image_size;
    options.content_layers = "relu1_2";
    options.style_layers = "relu1_1,relu2_1";
    options.optimizer = kind;
    options.lbfgs_history = 4;
    options.momentum = kind == PST_OPTIMIZER_GRADIENT_DESCENT ? 0.5 : 0;
    options.iterations = iterations;
    return options;
}

pst_job *job_make(const pst_transfer_options *options) {
    pst_job *job;
    ck_assert_msg(pst_job_create(context, network, options, &job) == PST_OK, "%s", pst_context_message(context));
    return job;
}
