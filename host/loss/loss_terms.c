/* Lists of layers such as "relu1_1,relu4_2=0.5" as terms of the objective; and what the terms are, wherever they are
 * evaluated. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loss/objective.h"
#include "op/gram.h"

static pst_status unknown_layer(pst_error *error, const pst_layers *layers, const char *name) {
    char known[256] = "";
    for (size_t i = 0; i < layers->count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? " " : "", layers->at[i].name);
    }
    return pst_fail(error, PST_ERROR_ARGUMENT, "the network has no layer '%s'; it has %s", name, known);
}

static pst_status add_term(pst_error *error, const pst_layers *layers, bool style, char *item, double weight,
                           pst_objective_options *options) {
    const char *kind = style ? "style" : "content";
    double factor = 1;
    char *equals = strchr(item, '=');
    if (equals) {
        char *end;
        *equals = '\0';
        factor = strtod(equals + 1, &end);
        if (end == equals + 1 || *end || !isfinite(factor) || factor < 0)
            return pst_fail(error, PST_ERROR_ARGUMENT,
                            "the factor of %s layer %s is '%s'; a number from 0 up was expected", kind, item,
                            equals + 1);
    }
    int layer = pst_layers_find(layers, item);
    if (layer < 0)
        return unknown_layer(error, layers, item);
    pst_term term = {.kind = style ? PST_TERM_STYLE : PST_TERM_CONTENT,
                     .layer = (size_t)layer,
                     .weight = weight * factor,
                     .factor = factor};
    snprintf(term.name, sizeof term.name, "%s.%s", kind, layers->at[layer].name);
    for (size_t t = 0; t < options->term_count; t++)
        if (strcmp(options->terms[t].name, term.name) == 0)
            return pst_fail(error, PST_ERROR_ARGUMENT, "%s layer %s is named twice", kind, item);
    options->terms[options->term_count++] = term; /* at most each layer twice and tv: there is room */
    return PST_OK;
}

pst_status pst_objective_add_terms(pst_error *error, const pst_layers *layers, bool style, const char *list,
                                   double weight, pst_objective_options *options) {
    const char *at = list;
    while (*at) {
        size_t length = strcspn(at, ",");
        char item[64];
        if (length >= sizeof item)
            return pst_fail(error, PST_ERROR_ARGUMENT, "the layer list '%.40s...' has no comma where one was expected",
                            at);
        memcpy(item, at, length);
        item[length] = '\0';
        pst_status status = add_term(error, layers, style, item, weight, options);
        if (status != PST_OK)
            return status;
        at += length + (at[length] == ',' && at[length + 1] ? 1 : 0);
        if (*at == ',') /* a comma at the end */
            break;
    }
    return PST_OK;
}

void pst_objective_normalize_weights(const pst_layers *layers, pst_objective_options *options) {
    for (size_t t = 0; t < options->term_count; t++) {
        pst_term *term = &options->terms[t];
        int h, w, most = layers->at[term->layer].true_c_out;
        if (term->kind == PST_TERM_CONTENT && pst_layer_size(layers, term->layer, options->h, options->w, &h, &w)) {
            most = h > most ? h : most;
            most = w > most ? w : most;
        }
        term->weight /= most;
        term->factor /= most;
    }
}

void pst_objective_add_tv(double weight, pst_objective_options *options) {
    options->terms[options->term_count++] =
        (pst_term){.kind = PST_TERM_TV, .name = "tv", .weight = weight, .factor = 1};
}

void pst_objective_add_range(double weight, double pixel_scale, pst_objective_options *options) {
    if (weight == 0)
        return;
    options->pixel_scale = pixel_scale;
    options->terms[options->term_count++] =
        (pst_term){.kind = PST_TERM_RANGE, .name = "range", .weight = weight, .factor = 1};
}

/* Of the mean over the samples of the whole image. */
static double range_factor(const pst_objective_options *options) {
    return 1 / (3 * (double)options->h * (double)options->w);
}

double pst_term_loss_factor(const pst_objective_options *options, size_t term, int true_c, size_t pixels) {
    const pst_term *t = &options->terms[term];
    if (t->kind == PST_TERM_TV)
        return t->weight * (options->tv_kind == PST_TV_SQUARES ? 0.5 : 1);
    if (t->kind == PST_TERM_RANGE)
        return t->weight * range_factor(options);
    if (t->kind == PST_TERM_STYLE)
        return t->weight * pst_style_term_loss_factor(options->form, true_c);
    return t->weight * (options->form == PST_LOSS_GATYS ? 0.5 : 1 / ((double)true_c * (double)pixels));
}

double pst_content_factor(pst_loss_form form, int true_c, size_t pixels) {
    return form == PST_LOSS_GATYS ? 1 : 2 / ((double)true_c * (double)pixels);
}

pst_status pst_image_term(pst_session *session, const pst_objective_options *options, size_t term, const pst_buffer *x,
                          int h, int w, const pst_smooth_part *part, pst_buffer *d, pst_sums *sums, size_t slot) {
    const double weight = options->terms[term].weight;
    if (options->terms[term].kind == PST_TERM_TV)
        return pst_smoothness(session, options->tv_kind, x, h, w, part, weight, true, d, sums, slot);
    return pst_outside_range(session, x, h, w, part, options->pixel_scale, 2 * weight * range_factor(options), d, sums,
                             slot);
}

void pst_terms_in_place(const pst_session *session, const pst_objective_options *options,
                        bool in_place[PST_LAYERS_MAX]) {
    int users[PST_LAYERS_MAX] = {0};
    bool gram = pst_gram_in_place(session);
    for (size_t t = 0; t < options->term_count; t++)
        if (pst_term_is_of_features(&options->terms[t]))
            users[options->terms[t].layer] +=
                options->terms[t].kind == PST_TERM_STYLE && (!gram || options->region_count) ? 2 : 1;
    for (size_t l = 0; l < PST_LAYERS_MAX; l++)
        in_place[l] = users[l] == 1 && !options->normalize_gradients;
}

size_t pst_style_finish_bytes(const pst_conv_engine *engine, const pst_layers *layers,
                              const pst_objective_options *options) {
    int c[PST_LAYERS_MAX];
    size_t count = 0;
    for (size_t t = 0; t < options->term_count; t++)
        if (options->terms[t].kind == PST_TERM_STYLE)
            c[count++] = layers->at[options->terms[t].layer].c_out;
    return pst_style_terms_finish_bytes(engine, options->form, c, count);
}

void pst_objective_style_layers(const pst_objective_options *options, bool wanted[PST_LAYERS_MAX]) {
    for (size_t l = 0; l < PST_LAYERS_MAX; l++)
        wanted[l] = false;
    for (size_t t = 0; t < options->term_count; t++)
        if (options->terms[t].kind == PST_TERM_STYLE)
            wanted[options->terms[t].layer] = true;
}
