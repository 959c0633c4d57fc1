/* Paints one photograph several times, with more and more of the style, to choose from:
 *     series vgg19.safetensors photo.jpg painting.jpg SIZE WEIGHT...
 * makes series_1.png, series_2.png and so on. The network and the images are read once; a job is what one result
 * takes. */
#include <pastiche.h>
#include <stdio.h>
#include <stdlib.h>

static pst_context *context;

static void must(pst_status status) {
    if (status == PST_OK)
        return;
    fprintf(stderr, "series: %s\n", context ? pst_context_message(context) : pst_status_name(status));
    exit(1);
}

static void paint(pst_network *network, const pst_transfer_options *options, const char *path) {
    pst_job *job;
    pst_image *result;
    must(pst_job_create(context, network, options, &job));
    must(pst_job_run(job, NULL, NULL));
    must(pst_job_result(job, &result));
    must(pst_image_write(context, result, path, NULL));
    pst_image_destroy(result);
    pst_job_destroy(job);
}

int main(int count, char **arguments) {
    pst_network *network;
    pst_image *content, *style;
    pst_transfer_options options;
    if (count < 6) {
        fprintf(stderr, "usage: series NETWORK CONTENT STYLE SIZE WEIGHT...\n");
        return 2;
    }
    must(pst_context_create(NULL, &context));
    must(pst_network_load(context, arguments[1], PST_CONVENTION_AUTO, &network));
    must(pst_image_read(context, arguments[2], &content));
    must(pst_image_read(context, arguments[3], &style));

    pst_transfer_options_init(&options, sizeof options);
    pst_transfer_options_preset(&options, "best"); /* what the program does */
    options.content = content;
    options.styles = (const pst_image *const *)&style;
    options.style_count = 1;
    options.image_size = atoi(arguments[4]);
    options.start = PST_START_CONTENT;
    options.iterations = 200;
    for (int i = 5; i < count; i++) {
        char path[32];
        options.style_weight = atof(arguments[i]);
        snprintf(path, sizeof path, "series_%d.png", i - 4);
        paint(network, &options, path);
        printf("%s: style weight %g\n", path, options.style_weight);
    }

    pst_image_destroy(style);
    pst_image_destroy(content);
    pst_network_destroy(network);
    pst_context_destroy(context);
    return 0;
}
