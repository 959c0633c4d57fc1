/* Making a style of images: a forward pass for each of them at each size, and the statistics of its features. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/color.h"
#include "model/weights_digest.h"
#include "op/gram.h"
#include "op/moments.h"
#include "package/printable.h"
#include "transfer/stage.h"
#include "transfer/stored_style.h"
#include "transfer/transfer_options.h"

typedef struct maker {
    pst_context *context;
    const pst_transfer_options *options;
    pst_conv_choices choices;
    pst_device_network *net;
    bool wanted[PST_LAYERS_MAX];
    size_t last; /* layer that is wanted */
    pst_style *style;
    size_t stored[PST_LAYERS_MAX];                             /* which layer of the style a layer is */
    pst_buffer *mean[PST_LAYERS_MAX], *moment[PST_LAYERS_MAX]; /* of the size at work; NULL: not wanted */
    pst_pass *pass;
    double blend; /* of the image at work */
} maker;

static bool is_opaque(const pst_image *image) {
    for (size_t i = 0; image->alpha && i < (size_t)image->width * (size_t)image->height; i++)
        if (image->alpha[i] < 1)
            return false;
    return true;
}

static pst_status check(pst_error *error, const pst_transfer_options *o) {
    double sum = 0;
    pst_status status = pst_options_check(error, o);
    if (status != PST_OK)
        return status;
    if (!o->styles || !o->style_count)
        return pst_fail(error, PST_ERROR_ARGUMENT, "a style is made of at least one image");
    for (size_t s = 0; s < o->style_count; s++) {
        double weight = o->blend_weights ? o->blend_weights[s] : 1;
        if (!o->styles[s])
            return pst_fail(error, PST_ERROR_ARGUMENT, "style %zu has no image", s + 1);
        status = pst_options_check_value(error, offsetof(pst_transfer_options, blend_weights), weight);
        if (status != PST_OK)
            return status;
        if (!is_opaque(o->styles[s]))
            return pst_fail(error, PST_ERROR_UNSUPPORTED,
                            "style %zu has transparent parts; a stored style needs images without transparency", s + 1);
        sum += weight;
    }
    if (!(sum > 0))
        return pst_fail(error, PST_ERROR_ARGUMENT, "all blend weights of the styles are zero");
    if (o->match_colors != PST_MATCH_NONE)
        return pst_fail(error, PST_ERROR_ARGUMENT,
                        "the colors of a stored style cannot be changed; match-colors needs its images");
    return PST_OK;
}

/* Which layers, by the list of the style's. */
static pst_status choose_layers(maker *m) {
    pst_style *style = m->style;
    pst_objective_options terms = {0};
    pst_status status =
        pst_objective_add_terms(&m->context->error, &m->net->layers, true, m->options->style_layers, 1, &terms);
    if (status == PST_OK && !terms.term_count)
        status = pst_fail(&m->context->error, PST_ERROR_ARGUMENT, "name at least one style layer");
    for (size_t t = 0; t < terms.term_count && status == PST_OK; t++)
        m->wanted[terms.terms[t].layer] = true;
    for (size_t l = 0; l < m->net->layers.count; l++)
        if (m->wanted[l]) {
            m->last = l;
            m->stored[l] = style->layer_count;
            style->channels[style->layer_count] = m->net->layers.at[l].true_c_out;
            snprintf(style->layers[style->layer_count++], sizeof style->layers[0], "%s", m->net->layers.at[l].name);
        }
    return status;
}

/* The first image of which the network leaves nothing at this size, or NULL. */
static const pst_image *too_small(const maker *m, int size) {
    for (size_t s = 0; s < m->options->style_count; s++) {
        int w, h;
        pst_img_fit(m->options->styles[s]->width, m->options->styles[s]->height, size, &w, &h);
        if (!pst_layer_size(&m->net->layers, m->last, h, w, &h, &w))
            return m->options->styles[s];
    }
    return NULL;
}

/* At which no style is too small; 0 if there is none. */
static int least_size(const maker *m) {
    int least = 1;
    for (size_t s = 0; s < m->options->style_count && least; s++) {
        int size = pst_scale_least(&m->net->layers, m->last, m->options->styles[s]);
        least = !size ? 0 : size > least ? size : least;
    }
    return least;
}

static pst_status choose_sizes(maker *m) {
    pst_style *style = m->style;
    int largest = m->options->image_size, size = largest;
    while (style->size_count < PST_SCALES_MAX && !too_small(m, size)) {
        style->sizes[style->size_count++] = size;
        size = pst_scale_size(largest, style->size_count + 1, 0);
        if (size < m->options->min_size || size >= style->sizes[style->size_count - 1])
            break;
    }
    if (style->size_count)
        return PST_OK;
    char larger[64] = "";
    int least = least_size(m);
    if (least)
        snprintf(larger, sizeof larger, "an image size of %d or more, or ", least);
    pst_fail(&m->context->error, PST_ERROR_ARGUMENT,
             "a style of %d pixels is too small for layer %s; use %sremainder ceil", largest,
             m->net->layers.at[m->last].name, larger);
    return pst_img_fail_in(&m->context->error, too_small(m, largest));
}

static pst_status take_features(void *user, size_t layer, const pst_buffer *features) {
    maker *m = user;
    pst_pass_layer l = pst_pass_layer_of(m->pass, layer);
    const pst_moments to = {features,         NULL,          l.pixels, l.c, m->blend / (double)l.pixels,
                            m->moment[layer], m->mean[layer]};
    return pst_moments_take(&m->net->engine, &to, 1, true, pst_pass_workspace(m->pass));
}

static pst_status open_pass(maker *m, int w, int h) {
    const pst_transfer_options *o = m->options;
    pst_session *session = m->context->session;
    pst_pass_options options = {.h = h, .w = w, .pooling = pst_pool_of(o->pooling), .replicate = o->replicate_border};
    size_t statistics = 0;
    for (size_t l = 0; l <= m->last; l++) {
        int layer_h, layer_w, c = m->net->layers.at[l].c_out;
        if (!m->wanted[l] || !pst_layer_size(&m->net->layers, l, h, w, &layer_h, &layer_w))
            continue;
        size_t own = pst_moments_workspace_bytes(&m->net->engine, (size_t)layer_h * (size_t)layer_w, c);
        options.wanted[l] = true;
        options.extra_workspace_bytes = own > options.extra_workspace_bytes ? own : options.extra_workspace_bytes;
        statistics += sizeof(float) * (size_t)c * ((size_t)c + 1);
    }
    pst_status status = pst_pass_create(m->net, &options, &m->pass);
    if (status != PST_OK)
        return status;
    pst_pass_bytes bytes = pst_pass_measure(m->pass);
    double limit = (double)session->device.info.memory_bytes * session->device.quirks.memory_share;
    double needed = (double)(bytes.maps + bytes.workspace + bytes.weights + statistics) +
                    (double)pst_device_vector_bytes(3 * (size_t)w * (size_t)h);
    if (needed > limit || bytes.largest > session->device.info.max_allocation_bytes)
        return pst_fail(&m->context->error, PST_ERROR_DEVICE_MEMORY,
                        "a style of %dx%d needs %.0f MiB on a device with %.0f MiB; use a smaller image size", w, h,
                        needed / 1048576, limit / 1048576);
    return pst_pass_allocate(m->pass, NULL);
}

/* Adds one image at one size. */
static pst_status add_image(maker *m, const pst_image *image, int size) {
    pst_session *session = m->context->session;
    pst_image *resized = NULL;
    pst_buffer *x = NULL;
    int w, h;
    pst_status status;
    pst_img_fit(image->width, image->height, size, &w, &h);
    PST_TRY(pst_img_resize(&m->context->error, image, w, h, &resized));
    PST_TRY(open_pass(m, w, h));
    PST_TRY(pst_stage_upload(session, resized, m->options->pixels_256 ? 256.0 / 255 : 1, &x));
    PST_TRY(pst_pass_forward(m->pass, x, take_features, m));
    PST_TRY(pst_session_finish(session));
cleanup:
    pst_image_destroy(resized);
    pst_buffer_destroy(session, x);
    pst_pass_destroy(m->pass);
    m->pass = NULL;
    return status;
}

/* From the device into the style: without padded channels, and half of what is symmetric. */
static pst_status keep(maker *m, size_t size) {
    pst_session *session = m->context->session;
    float *whole = NULL;
    pst_status status = PST_OK;
    for (size_t l = 0; l <= m->last; l++) {
        if (!m->wanted[l])
            continue;
        size_t c = (size_t)m->net->layers.at[l].c_out, true_c = (size_t)m->net->layers.at[l].true_c_out;
        float *to = pst_style_numbers(m->style, size, m->stored[l]);
        PST_TRY(pst_allocate(&m->context->error, c * c, sizeof(float), &whole));
        PST_TRY(pst_buffer_read(session, m->mean[l], 0, to, sizeof(float) * true_c));
        PST_TRY(pst_buffer_read(session, m->moment[l], 0, whole, sizeof(float) * c * c));
        to += true_c;
        for (size_t row = 0; row < true_c; row++, to += true_c - row + 1)
            memcpy(to, whole + row * c + row, sizeof(float) * (true_c - row));
        pst_free(whole);
        whole = NULL;
    }
    for (size_t i = 0; i < pst_style_floats(m->style->channels[0]); i++)
        if (!isfinite(pst_style_numbers(m->style, size, 0)[i]))
            PST_TRY(pst_fail(&m->context->error, PST_ERROR_NUMERIC,
                             "the features of a style are not finite; the network is damaged"));
cleanup:
    pst_free(whole);
    return status;
}

static pst_status make_size(maker *m, size_t size, const double sum) {
    const pst_transfer_options *o = m->options;
    pst_status status = PST_OK;
    for (size_t l = 0; l <= m->last; l++)
        if (m->wanted[l]) {
            PST_TRY(pst_buffer_zero(m->context->session, m->mean[l], m->mean[l]->bytes));
            PST_TRY(pst_buffer_zero(m->context->session, m->moment[l], m->moment[l]->bytes));
        }
    for (size_t s = 0; s < o->style_count; s++) {
        m->blend = (o->blend_weights ? o->blend_weights[s] : 1) / sum;
        PST_TRY(add_image(m, o->styles[s], m->style->sizes[size]));
    }
    PST_TRY(keep(m, size));
cleanup:
    return status;
}

static pst_status prepare(maker *m, pst_network *network, const char *about) {
    const pst_transfer_options *o = m->options;
    pst_context *context = m->context;
    pst_error *error = &context->error;
    pst_conv_engine engine = {.session = context->session,
                              .gemm = context->gemm,
                              .workspace_limit = o->workspace_bytes ? o->workspace_bytes : pst_workspace_bytes(context),
                              .choices = &m->choices};
    const char *digest;
    pst_status status;
    PST_TRY(pst_allocate(error, 1, sizeof *m->style, &m->style));
    m->style->holders = 1;
    m->style->pooling = o->pooling;
    m->style->replicate_border = o->replicate_border;
    m->style->pixels_256 = o->pixels_256;
    m->style->gray = true;
    for (size_t s = 0; s < o->style_count; s++)
        m->style->gray = m->style->gray && pst_img_is_gray(o->styles[s]);
    m->style->ceil = o->remainder == PST_REMAINDER_CEIL;
    snprintf(m->style->about, sizeof m->style->about, "%s", about ? about : "");
    snprintf(m->style->network, sizeof m->style->network, "%s", pst_path_name(network->model->path));
    pst_make_printable(m->style->about, sizeof m->style->about); /* files refuse control characters */
    pst_make_printable(m->style->network, sizeof m->style->network);
    PST_TRY(pst_conv_choices_add(error, &m->choices, &context->devices[0].choices));
    PST_TRY(pst_device_network_create(&engine, network->model, &m->net));
    m->net->layers.ceil = m->style->ceil;
    PST_TRY(choose_layers(m));
    PST_TRY(choose_sizes(m));
    PST_TRY(pst_weights_digest(error, network->model, m->last + 1, &digest));
    memcpy(m->style->network_digest, digest, sizeof m->style->network_digest);
    PST_TRY(pst_style_allocate(error, m->style));
    for (size_t l = 0; l <= m->last; l++)
        if (m->wanted[l]) {
            size_t c = (size_t)m->net->layers.at[l].c_out;
            PST_TRY(pst_buffer_create(context->session, sizeof(float) * c, "statistics of a style", &m->mean[l]));
            PST_TRY(pst_buffer_create(context->session, sizeof(float) * c * c, "statistics of a style", &m->moment[l]));
        }
cleanup:
    return status;
}

pst_status pst_style_create(pst_context *context, pst_network *network, const pst_transfer_options *options,
                            const char *about, pst_style **result) {
    pst_transfer_options o;
    maker m = {.context = context, .options = &o};
    uint8_t *data = NULL;
    double sum = 0;
    size_t bytes;
    pst_status status;
    *result = NULL;
    PST_TRY(pst_context_needs_device(context));
    pst_options_take(&o, options);
    PST_TRY(check(&context->error, &o));
    for (size_t s = 0; s < o.style_count; s++)
        sum += o.blend_weights ? o.blend_weights[s] : 1;
    PST_TRY(prepare(&m, network, about));
    for (size_t size = 0; size < m.style->size_count; size++)
        PST_TRY(make_size(&m, size, sum));
    PST_TRY(pst_style_write(&context->error, m.style, &data, &bytes)); /* for its digest */
    *result = m.style;
    m.style = NULL;
cleanup:
    for (size_t l = 0; l < PST_LAYERS_MAX; l++) {
        pst_buffer_destroy(context->session, m.mean[l]);
        pst_buffer_destroy(context->session, m.moment[l]);
    }
    pst_free(data);
    pst_device_network_destroy(m.net);
    pst_conv_choices_clear(&m.choices);
    pst_style_destroy(m.style);
    return status;
}
