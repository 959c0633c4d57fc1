#include "cli/bench/bench_descent.h"

#include <stdlib.h>

#include "cli/draw/demo_images.h"
#include "cli/run/signals.h"

#define NETWORK "built-in:small.safetensors"
#define WARM_UP 3 /* evaluations of a descent that is not counted: programs are built in it */

const double bench_targets[BENCH_TARGETS] = {0.1, 0.03, 0.01, 0.005};

static bool take(void *user, const pst_progress *now) {
    bench_descent *d = user;
    if (d->count < BENCH_DESCENT_MOST)
        d->points[d->count++] = (bench_descent_point){now->seconds, now->best_loss};
    return signals_caught() != 0 || now->seconds > d->most_seconds;
}

static pst_status draw(pst_context *context, const demo_image *demo, pst_image **image) {
    float *rgb = malloc(sizeof *rgb * 3 * BENCH_DESCENT_SIZE * BENCH_DESCENT_SIZE);
    *image = NULL;
    if (!rgb)
        return PST_ERROR_MEMORY;
    demo->draw(BENCH_DESCENT_SIZE, BENCH_DESCENT_SIZE, rgb);
    pst_status status = pst_image_create(context, BENCH_DESCENT_SIZE, BENCH_DESCENT_SIZE, rgb, image);
    free(rgb);
    return status;
}

static pst_status descend(pst_context *context, pst_network *network, const pst_image *content, const pst_image *style,
                          int iterations, double most_seconds, bench_descent *descent) {
    pst_transfer_options o;
    pst_job *job = NULL;
    *descent = (bench_descent){.most_seconds = most_seconds};
    pst_transfer_options_init(&o, sizeof o);
    o.content = content;
    o.styles = &style;
    o.style_count = 1;
    o.image_size = BENCH_DESCENT_SIZE;
    o.scales = 1;
    o.iterations = iterations;
    pst_status status = pst_job_create(context, network, &o, &job);
    if (status == PST_OK)
        status = pst_job_run(job, take, descent);
    pst_job_destroy(job);
    return status == PST_STOPPED && !signals_caught() ? PST_OK : status;
}

pst_status bench_descent_run(pst_context *context, double most_seconds, bench_descent *descent) {
    pst_network *network = NULL;
    pst_image *content = NULL, *style = NULL;
    *descent = (bench_descent){0};
    pst_status status = pst_network_load(context, NETWORK, PST_CONVENTION_AUTO, &network);
    if (status == PST_OK)
        status = draw(context, &demo_images[DEMO_CONTENT], &content);
    if (status == PST_OK)
        status = draw(context, &demo_images[DEMO_STROKES], &style);
    if (status == PST_OK)
        status = descend(context, network, content, style, WARM_UP, most_seconds, descent);
    if (status == PST_OK)
        status = descend(context, network, content, style, BENCH_DESCENT_MOST, most_seconds, descent);
    pst_image_destroy(content);
    pst_image_destroy(style);
    pst_network_destroy(network);
    return status;
}

int bench_descent_reaches(const bench_descent *descent, double part) {
    for (int i = 0; i < descent->count; i++)
        if (descent->points[i].loss <= part * descent->points[0].loss)
            return i + 1;
    return 0;
}
