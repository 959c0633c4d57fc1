#include "transfer/stored_style.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/weights_digest.h"

size_t pst_style_floats(int channels) { return (size_t)channels * ((size_t)channels + 3) / 2; }

static size_t floats_of_size(const pst_style *style) {
    size_t floats = 0;
    for (size_t l = 0; l < style->layer_count; l++)
        floats += pst_style_floats(style->channels[l]);
    return floats;
}

pst_status pst_style_allocate(pst_error *error, pst_style *style) {
    for (size_t l = 0; l < style->layer_count; l++)
        style->layer_names[l] = style->layers[l];
    return pst_allocate(error, style->size_count * floats_of_size(style), sizeof(float), &style->numbers);
}

float *pst_style_numbers(const pst_style *style, size_t size, size_t layer) {
    float *numbers = style->numbers + size * floats_of_size(style);
    for (size_t l = 0; l < layer; l++)
        numbers += pst_style_floats(style->channels[l]);
    return numbers;
}

pst_style *pst_style_hold(const pst_style *style) {
    pst_style *held = (pst_style *)style; /* nothing that its owner sees changes */
    if (held)
        held->holders++;
    return held;
}

void pst_style_destroy(pst_style *style) {
    if (!style || --style->holders > 0)
        return;
    pst_free(style->path);
    pst_free(style->numbers);
    pst_free(style);
}

void pst_style_describe(const pst_style *style, pst_style_info *info) {
    const pst_style_info full = {.size = info->size,
                                 .about = style->about,
                                 .network = style->network,
                                 .network_digest = style->network_digest,
                                 .pooling = style->pooling,
                                 .replicate_border = style->replicate_border,
                                 .pixels_256 = style->pixels_256,
                                 .layers = style->layer_names,
                                 .channels = style->channels,
                                 .sizes = style->sizes,
                                 .layer_count = style->layer_count,
                                 .size_count = style->size_count,
                                 .bytes = pst_style_bytes(style),
                                 .ceil = style->ceil,
                                 .gray = style->gray};
    memcpy(info, &full, info->size < sizeof full ? info->size : sizeof full);
}

/* ---- does it fit? ---- */

static const char *name_of(const pst_style *style) { return style->path ? style->path : "the stored style"; }

static size_t find(const pst_style *style, const char *layer) {
    size_t l = 0;
    while (l < style->layer_count && strcmp(style->layers[l], layer) != 0)
        l++;
    return l;
}

/* The features depend on the layers up to the last one that is stored. */
static pst_status check_network(pst_error *error, const pst_style *style, pst_weights *model) {
    const pst_layers layers = pst_layers_of(model);
    const char *digest = "", *whole;
    int last = -1;
    bool known = true;
    for (size_t l = 0; l < style->layer_count; l++) {
        int found = pst_layers_find(&layers, style->layers[l]);
        last = found > last ? found : last;
        known = known && found >= 0;
    }
    pst_status status = pst_weights_digest(error, model, known ? (size_t)last + 1 : 0, &digest);
    if (status == PST_OK)
        status = pst_weights_digest(error, model, layers.count, &whole);
    if (status != PST_OK || strcmp(digest, style->network_digest) == 0)
        return status;
    return pst_fail(error, PST_ERROR_ARGUMENT,
                    "%s: was made with the network %s (%.12s), not with %s (%.12s); use that network, or make the "
                    "style again with this one",
                    name_of(style), style->network, style->network_digest, pst_path_name(model->path),
                    *digest ? digest : whole);
}

static const char *pooling_name(pst_pooling pooling) {
    return pooling == PST_POOLING_AVERAGE ? "avg" : pooling == PST_POOLING_L2 ? "l2" : "max";
}

/* What features depend on besides the network must be the same in the style and the run. */
static pst_status check_features(pst_error *error, const pst_style *style, const pst_transfer_options *o) {
    bool ceil = o->remainder == PST_REMAINDER_CEIL;
    const struct {
        bool same;
        const char *what, *theirs, *ours, *option;
    } facts[] = {
        {style->pooling == o->pooling, "pooling", pooling_name(style->pooling), pooling_name(o->pooling), "pooling"},
        {style->ceil == ceil, "remainder", style->ceil ? "ceil" : "extend or floor", ceil ? "ceil" : "extend or floor",
         "remainder"},
        {style->replicate_border == o->replicate_border, "border", style->replicate_border ? "replicate" : "zeros",
         o->replicate_border ? "replicate" : "zeros", "border"},
        {style->pixels_256 == o->pixels_256, "samples up to", style->pixels_256 ? "256" : "255",
         o->pixels_256 ? "256" : "255", "preset"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!facts[i].same)
            return pst_fail(error, PST_ERROR_ARGUMENT,
                            "%s: was made with %s %s, and the run has %s; use the same %s, or make the style again",
                            name_of(style), facts[i].what, facts[i].theirs, facts[i].ours, facts[i].option);
    return PST_OK;
}

pst_status pst_style_check(pst_error *error, const pst_style *style, pst_network *network,
                           const pst_transfer_options *options, const pst_objective_options *objective) {
    pst_status status = check_network(error, style, network->model);
    if (status == PST_OK)
        status = check_features(error, style, options);
    if (status != PST_OK)
        return status;
    for (size_t t = 0; t < objective->term_count; t++) {
        const pst_term *term = &objective->terms[t];
        const char *layer = term->name + strlen("style.");
        if (term->kind != PST_TERM_STYLE || find(style, layer) < style->layer_count)
            continue;
        char known[256] = "";
        for (size_t l = 0; l < style->layer_count; l++) {
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, "%s%s", l ? " " : "", style->layers[l]);
        }
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: has no style layer %s; it has %s", name_of(style), layer,
                        known);
    }
    return PST_OK;
}

/* ---- what a run takes of it ---- */

size_t pst_style_nearest(const pst_style *style, double longer_side) {
    size_t nearest = 0;
    for (size_t s = 1; s < style->size_count; s++)
        if (fabs(log(style->sizes[s] / longer_side)) < fabs(log(style->sizes[nearest] / longer_side)))
            nearest = s;
    return nearest;
}

void pst_style_statistics(const pst_style *style, size_t size, const pst_layers *layers,
                          pst_feature_statistics statistics[PST_LAYERS_MAX]) {
    for (size_t l = 0; l < PST_LAYERS_MAX; l++) {
        size_t stored = l < layers->count ? find(style, layers->at[l].name) : style->layer_count;
        const float *mean = stored < style->layer_count ? pst_style_numbers(style, size, stored) : NULL;
        statistics[l] = (pst_feature_statistics){mean, mean ? mean + style->channels[stored] : NULL};
    }
}
