/* Paints a photograph in the manner of a painting, tells how far it is, and stops when the time is over:
 *     photo photo.jpg painting.jpg out.png [SIZE [SECONDS]]
 * with the network that PASTICHE_MODEL names, or else the best that is installed, or one inside the library.
 */
#include <pastiche.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *message) {
    fprintf(stderr, "photo: %s\n", message);
    exit(1);
}

/* After every iteration. What it returns says whether to stop: a button or a signal would do as well as a clock. */
static bool show(void *user, const pst_progress *now) {
    const double *seconds = user;
    if (now->iteration % 20 == 0)
        printf("%d of %d: loss %.4g\n", now->iteration, now->iterations, now->loss);
    if (now->notice)
        printf("%s\n", now->notice);
    return now->seconds > *seconds;
}

static pst_network *load_network(pst_context *context) {
    pst_catalogue *catalogue;
    pst_network *network;
    const char *path;
    pst_status status = pst_catalogue_open(&catalogue);
    if (status == PST_OK)
        status = pst_catalogue_find(catalogue, getenv("PASTICHE_MODEL"), &path);
    if (status != PST_OK)
        fail(catalogue ? pst_catalogue_message(catalogue) : pst_status_name(status));
    if (pst_network_load(context, path, PST_CONVENTION_AUTO, &network) != PST_OK)
        fail(pst_context_message(context));
    pst_catalogue_close(catalogue);
    return network;
}

int main(int count, char **arguments) {
    pst_context *context;
    pst_image *content, *style, *result;
    pst_job *job;
    if (count < 4)
        fail("give it CONTENT STYLE OUT [SIZE [SECONDS]]");
    double seconds = count > 5 ? atof(arguments[5]) : 60;

    if (pst_context_create(NULL, &context) != PST_OK)
        fail(context ? pst_context_message(context) : "no memory left");
    pst_network *network = load_network(context);
    if (pst_image_read(context, arguments[1], &content) != PST_OK ||
        pst_image_read(context, arguments[2], &style) != PST_OK)
        fail(pst_context_message(context));

    pst_transfer_options options;
    pst_transfer_options_init(&options, sizeof options);
    pst_transfer_options_preset(&options, "best"); /* what the program does */
    options.content = content;
    options.styles = (const pst_image *const *)&style;
    options.style_count = 1;
    options.image_size = count > 4 ? atoi(arguments[4]) : 512;
    options.start = PST_START_CONTENT;
    options.iterations = 200;
    if (pst_job_create(context, network, &options, &job) != PST_OK)
        fail(pst_context_message(context));

    pst_status status = pst_job_run(job, show, &seconds);
    if (status == PST_STOPPED)
        printf("the time is over\n"); /* and what there is by now is an image too */
    else if (status != PST_OK)
        fail(pst_context_message(context));
    if (pst_job_result(job, &result) != PST_OK || pst_image_write(context, result, arguments[3], NULL) != PST_OK)
        fail(pst_context_message(context));

    pst_image_destroy(result);
    pst_job_destroy(job);
    pst_image_destroy(style);
    pst_image_destroy(content);
    pst_network_destroy(network);
    pst_context_destroy(context);
    return 0;
}
