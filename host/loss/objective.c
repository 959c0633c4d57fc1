#include "loss/objective.h"

#include "base/memory.h"
#include "loss/style_regions.h"
#include "op/guide.h"
#include "op/loss.h"
#include "op/vector.h"

struct pst_objective {
    pst_device_network *net;
    pst_objective_options options;
    pst_pass *pass;
    pst_buffer *targets[PST_TERMS_MAX];      /* content: P [pixels][c] */
    pst_style_regions styles[PST_TERMS_MAX]; /* those of style terms are open */
    pst_buffer *free, *kept, *mixed;         /* where content is kept: [h][w], the content, and what is evaluated */
    pst_buffer *unscaled;                    /* normalized gradients: a layer's gradient before it is scaled */
    pst_style_map together[PST_TERMS_MAX];   /* of the style terms that are compared behind the forward pass */
    size_t together_count;
    bool rehearsed; /* the programs of an evaluation are built */
    pst_sums sums;  /* a slot a term, then one for an L1 norm; more such rows for further regions */
};

static pst_session *session_of(const pst_objective *objective) { return objective->net->engine.session; }

/* Slots from a region's sums to the next one's. */
static size_t slot_step(const pst_objective *objective) { return objective->options.term_count + 1; }

static size_t slot_count(const pst_objective *objective) {
    size_t regions = objective->options.region_count;
    return slot_step(objective) * (regions ? regions : 1);
}

static pst_pass_layer layer_of(const pst_objective *objective, size_t term) {
    return pst_pass_layer_of(objective->pass, objective->options.terms[term].layer);
}

static double loss_factor(const pst_objective *objective, size_t term) {
    pst_pass_layer layer = {0};
    if (pst_term_is_of_features(&objective->options.terms[term]))
        layer = layer_of(objective, term);
    return pst_term_loss_factor(&objective->options, term, layer.true_c, layer.pixels);
}

/* ---- planning ---- */

static pst_pass_options pass_options(const pst_objective *objective, bool style, bool content, int h, int w,
                                     bool backward) {
    const pst_objective_options *o = &objective->options;
    const pst_device_network *net = objective->net;
    pst_pass_options options = {.h = h, .w = w, .pooling = o->pooling, .replicate = o->replicate, .backward = backward};
    for (size_t t = 0; t < o->term_count; t++) {
        const pst_term *term = &o->terms[t];
        if ((term->kind == PST_TERM_STYLE && style) || (term->kind == PST_TERM_CONTENT && content))
            options.wanted[term->layer] = true;
        if (term->kind == PST_TERM_STYLE && style) {
            int layer_h, layer_w;
            pst_layer_size(&net->layers, term->layer, h, w, &layer_h, &layer_w);
            size_t bytes = pst_style_regions_workspace_bytes(&net->engine, o->form, (size_t)layer_h * (size_t)layer_w,
                                                             net->layers.at[term->layer].c_out, o->region_count);
            if (bytes > options.extra_workspace_bytes)
                options.extra_workspace_bytes = bytes;
        }
    }
    size_t finish = style && backward ? pst_style_finish_bytes(&net->engine, &net->layers, o) : 0;
    if (finish > options.extra_workspace_bytes)
        options.extra_workspace_bytes = finish;
    pst_terms_in_place(session_of(objective), o, options.in_place);
    return options;
}

static bool wants_any(const pst_pass_options *options) {
    for (size_t l = 0; l < PST_LAYERS_MAX; l++)
        if (options->wanted[l])
            return true;
    return false;
}

pst_status pst_objective_create(pst_device_network *net, const pst_objective_options *options, pst_objective **result) {
    *result = NULL;
    pst_objective *objective;
    pst_status status = pst_allocate(net->engine.session->error, 1, sizeof *objective, &objective);
    if (status != PST_OK)
        return status;
    objective->net = net;
    objective->options = *options;
    pst_pass_options all = pass_options(objective, true, true, options->h, options->w, true);
    if (!wants_any(&all)) {
        status = pst_fail(net->engine.session->error, PST_ERROR_ARGUMENT, "name at least one content or style layer");
        goto cleanup;
    }
    PST_TRY(pst_pass_create(net, &all, &objective->pass));
    *result = objective;
    return PST_OK;
cleanup:
    pst_objective_destroy(objective);
    return status;
}

void pst_objective_destroy(pst_objective *objective) {
    if (!objective)
        return;
    pst_session *session = session_of(objective);
    for (size_t t = 0; t < PST_TERMS_MAX; t++) {
        pst_buffer_destroy(session, objective->targets[t]);
        pst_style_regions_close(&objective->styles[t]);
    }
    pst_buffer_destroy(session, objective->free);
    pst_buffer_destroy(session, objective->kept);
    pst_buffer_destroy(session, objective->mixed);
    pst_buffer_destroy(session, objective->unscaled);
    pst_sums_destroy(&objective->sums);
    pst_pass_destroy(objective->pass);
    pst_free(objective);
}

static size_t content_floats(const pst_objective *objective, size_t term) {
    pst_pass_layer layer = layer_of(objective, term);
    return layer.pixels * (size_t)layer.c;
}

static size_t unscaled_floats(const pst_objective *objective) {
    size_t most = 0;
    const size_t count = objective->options.normalize_gradients ? pst_feature_terms(&objective->options) : 0;
    for (size_t t = 0; t < count; t++) {
        pst_pass_layer layer = layer_of(objective, t);
        most = layer.pixels * (size_t)layer.c > most ? layer.pixels * (size_t)layer.c : most;
    }
    return most;
}

static size_t pixels_of(const pst_objective *objective) {
    return (size_t)objective->options.h * (size_t)objective->options.w;
}

static size_t image_bytes(const pst_objective *objective) {
    return sizeof(float) * pst_round_up(3 * pixels_of(objective), 16);
}

size_t pst_objective_target_bytes(const pst_objective *objective, size_t *largest) {
    size_t bytes = sizeof(float) * unscaled_floats(objective), most = bytes;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        const pst_term *term = &objective->options.terms[t];
        size_t own = 0, part = 0;
        if (term->kind == PST_TERM_STYLE)
            own = pst_style_regions_bytes(objective->options.form, layer_of(objective, t).c,
                                          layer_of(objective, t).pixels, objective->options.region_count, &part);
        else if (term->kind == PST_TERM_CONTENT)
            own = part = sizeof(float) * content_floats(objective, t);
        bytes += own;
        most = part > most ? part : most;
    }
    if (objective->options.keeps_content) {
        bytes += sizeof(float) * pixels_of(objective) + 2 * image_bytes(objective);
        most = image_bytes(objective) > most ? image_bytes(objective) : most;
    }
    *largest = most;
    return bytes + pst_sums_bytes(slot_count(objective));
}

pst_pass_bytes pst_objective_pass_bytes(const pst_objective *objective) { return pst_pass_measure(objective->pass); }

static pst_status walk_bytes(pst_objective *objective, bool style, int h, int w, size_t *bytes, size_t *largest) {
    pst_pass *pass;
    const pst_pass_options options = pass_options(objective, style, !style, h, w, false);
    *bytes = *largest = 0;
    if (!wants_any(&options))
        return PST_OK;
    pst_status status = pst_pass_create(objective->net, &options, &pass);
    if (status != PST_OK)
        return status;
    pst_pass_bytes measured = pst_pass_measure(pass);
    *bytes = measured.maps + measured.workspace;
    *largest = measured.largest;
    pst_pass_destroy(pass);
    return PST_OK;
}

pst_status pst_objective_style_bytes(pst_objective *objective, int h, int w, size_t *bytes, size_t *largest) {
    return walk_bytes(objective, true, h, w, bytes, largest);
}

pst_status pst_objective_content_bytes(pst_objective *objective, size_t *bytes, size_t *largest) {
    return walk_bytes(objective, false, objective->options.h, objective->options.w, bytes, largest);
}

/* ---- targets ---- */

pst_status pst_objective_begin(pst_objective *objective) {
    pst_session *session = session_of(objective);
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        const pst_term *term = &objective->options.terms[t];
        if (term->kind == PST_TERM_CONTENT)
            PST_TRY(pst_buffer_create(session, sizeof(float) * content_floats(objective, t), term->name,
                                      &objective->targets[t]));
        if (term->kind == PST_TERM_STYLE)
            PST_TRY(pst_style_regions_open(&objective->net->engine, objective->options.form, layer_of(objective, t).c,
                                           layer_of(objective, t).true_c, layer_of(objective, t).pixels,
                                           layer_of(objective, t).pixels, objective->options.region_count, term->name,
                                           &objective->styles[t]));
    }
    if (unscaled_floats(objective))
        PST_TRY(pst_buffer_create(session, sizeof(float) * unscaled_floats(objective), "gradient of a layer",
                                  &objective->unscaled));
    if (objective->options.keeps_content) {
        PST_TRY(pst_buffer_create(session, sizeof(float) * pixels_of(objective), "where content is kept",
                                  &objective->free));
        PST_TRY(pst_buffer_create(session, image_bytes(objective), "content that is kept", &objective->kept));
        PST_TRY(pst_buffer_create(session, image_bytes(objective), "the image with content", &objective->mixed));
    }
    PST_TRY(pst_sums_create(session, slot_count(objective), &objective->sums));
cleanup:
    return status;
}

/* What a walk over a target image needs to know. */
typedef struct target_walk {
    pst_objective *objective;
    pst_pass *pass;
    double blend;
    const pst_guides *guides; /* of the style; NULL without regions */
    bool style;
} target_walk;

static pst_status take_target(void *user, size_t layer, const pst_buffer *features) {
    const target_walk *walk = user;
    pst_objective *objective = walk->objective;
    pst_session *session = session_of(objective);
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count && status == PST_OK; t++) {
        const pst_term *term = &objective->options.terms[t];
        pst_pass_layer l = pst_pass_layer_of(walk->pass, layer);
        if (!pst_term_is_of_features(term) || term->layer != layer)
            continue;
        if (walk->style && term->kind == PST_TERM_STYLE)
            status = pst_style_regions_add(&objective->styles[t], features, l.pixels, walk->blend, walk->guides, layer,
                                           pst_pass_workspace(walk->pass));
        else if (!walk->style && term->kind == PST_TERM_CONTENT)
            status = pst_buffer_copy(session, objective->targets[t], features, objective->targets[t]->bytes);
    }
    return status;
}

static pst_status walk_target(pst_objective *objective, const pst_buffer *x, int h, int w, double blend,
                              const pst_guides *guides, bool style) {
    target_walk walk = {.objective = objective, .blend = blend, .guides = guides, .style = style};
    const pst_pass_options options = pass_options(objective, style, !style, h, w, false);
    pst_status status = PST_OK;
    if (!wants_any(&options))
        return PST_OK;
    PST_TRY(pst_pass_create(objective->net, &options, &walk.pass));
    PST_TRY(pst_pass_allocate(walk.pass, NULL));
    if (pst_rehearsal_begin(session_of(objective))) {
        pst_pass_forward(walk.pass, x, take_target, &walk);
        pst_rehearsal_end(session_of(objective));
    }
    PST_TRY(pst_pass_forward(walk.pass, x, take_target, &walk));
    PST_TRY(pst_session_finish(session_of(objective))); /* before the maps go */
cleanup:
    pst_pass_destroy(walk.pass);
    return status;
}

pst_status pst_objective_set_content(pst_objective *objective, const pst_buffer *x) {
    return walk_target(objective, x, objective->options.h, objective->options.w, 1, NULL, false);
}

pst_status pst_objective_add_style(pst_objective *objective, const pst_buffer *x, int h, int w, double blend) {
    return walk_target(objective, x, h, w, blend, NULL, true);
}

pst_status pst_objective_add_guided_style(pst_objective *objective, const pst_buffer *x, int h, int w,
                                          const pst_guides *guides) {
    return walk_target(objective, x, h, w, 1, guides, true);
}

pst_status pst_objective_add_statistics(pst_objective *objective,
                                        const pst_feature_statistics statistics[PST_LAYERS_MAX], double blend,
                                        const pst_guides *guides) {
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count && status == PST_OK; t++) {
        const pst_term *term = &objective->options.terms[t];
        if (term->kind == PST_TERM_STYLE)
            status = pst_style_regions_add_statistics(&objective->styles[t], &statistics[term->layer], blend, guides,
                                                      term->layer);
    }
    return status;
}

pst_status pst_objective_set_guides(pst_objective *objective, const pst_guides *guides) {
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count && status == PST_OK; t++)
        if (objective->options.terms[t].kind == PST_TERM_STYLE)
            status = pst_style_regions_guide(&objective->styles[t], guides, objective->options.terms[t].layer);
    return status;
}

pst_status pst_objective_keep_content(pst_objective *objective, const pst_buffer *content, const float *free) {
    pst_session *session = session_of(objective);
    pst_status status = pst_buffer_write(session, objective->free, 0, free, sizeof(float) * pixels_of(objective));
    return status == PST_OK
               ? pst_buffer_copy(session, objective->kept, content, sizeof(float) * 3 * pixels_of(objective))
               : status;
}

pst_status pst_objective_end(pst_objective *objective) {
    pst_status status = pst_pass_allocate(objective->pass, NULL);
    for (size_t t = 0; t < objective->options.term_count && status == PST_OK; t++)
        if (objective->options.terms[t].kind == PST_TERM_STYLE)
            status = pst_style_regions_end(&objective->styles[t]);
    return status;
}

/* ---- evaluation ---- */

/* Decides which style layers are compared in one go, behind the forward pass: all, or the smaller ones. */
static void plan_together(pst_objective *objective) {
    const pst_objective_options *o = &objective->options;
    const pst_buffer *workspace = pst_pass_workspace(objective->pass);
    pst_style_map *maps = objective->together;
    size_t all = 0, count = 0;
    for (size_t t = 0; t < o->term_count; t++)
        if (o->terms[t].kind == PST_TERM_STYLE)
            maps[all++] = (pst_style_map){&objective->styles[t].terms[0], NULL, layer_of(objective, t).pixels, t};
    if (!o->region_count && workspace)
        count = pst_style_terms_together(maps, all, workspace->bytes);
    objective->together_count = count;
    pst_pass_spare_workspace(objective->pass, count && count == all); /* GPUs need none for the gradients */
}

static pst_status compare_styles(void *user, size_t layer, const pst_buffer *features) {
    pst_objective *objective = user;
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count && status == PST_OK; t++) {
        const pst_term *term = &objective->options.terms[t];
        bool later = false;
        if (term->kind != PST_TERM_STYLE || term->layer != layer)
            continue;
        for (size_t i = 0; i < objective->together_count; i++)
            if (objective->together[i].slot == t) {
                objective->together[i].features = features;
                later = true;
            }
        if (!later)
            status = pst_style_regions_compare(&objective->styles[t], features, &objective->sums, t,
                                               slot_step(objective), pst_pass_workspace(objective->pass));
    }
    return status;
}

/* d (+)= scale * the term's gradient with respect to the features, and for content the loss as well. */
static pst_status term_gradient(pst_objective *objective, size_t t, const pst_buffer *features, double scale,
                                bool accumulate, pst_buffer *d) {
    pst_pass_layer l = layer_of(objective, t);
    if (objective->options.terms[t].kind == PST_TERM_CONTENT)
        return pst_content(session_of(objective), features, objective->targets[t], l.pixels * (size_t)l.c,
                           scale * pst_content_factor(objective->options.form, l.true_c, l.pixels), accumulate, d,
                           &objective->sums, t);
    return pst_style_regions_gradient(&objective->styles[t], features, l.pixels, scale, accumulate, d,
                                      pst_pass_workspace(objective->pass));
}

static pst_status add_gradients(void *user, size_t layer, const pst_buffer *features, pst_buffer *d) {
    pst_objective *objective = user;
    pst_session *session = session_of(objective);
    size_t norm_slot = objective->options.term_count;
    bool accumulate = false;
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        const pst_term *term = &objective->options.terms[t];
        if (!pst_term_is_of_features(term) || term->layer != layer)
            continue;
        pst_pass_layer l = layer_of(objective, t);
        size_t count = l.pixels * (size_t)l.c;
        if (objective->options.normalize_gradients) {
            PST_TRY(term_gradient(objective, t, features, 1, false, objective->unscaled));
            PST_TRY(pst_absolute_sum(session, objective->unscaled, count, &objective->sums, norm_slot));
            PST_TRY(pst_add_normalized(session, objective->unscaled, count, term->weight, &objective->sums, norm_slot,
                                       accumulate, d));
        } else
            PST_TRY(term_gradient(objective, t, features, term->weight, accumulate, d));
        accumulate = true;
    }
cleanup:
    return status;
}

static pst_status evaluate(pst_objective *objective, const pst_buffer *x, pst_buffer *g) {
    const pst_objective_options *o = &objective->options;
    pst_status status;
    if (o->keeps_content) {
        PST_TRY(pst_mix_images(session_of(objective), x, objective->kept, objective->free, pixels_of(objective),
                               objective->mixed));
        x = objective->mixed;
    }
    plan_together(objective);
    PST_TRY(pst_pass_forward(objective->pass, x, compare_styles, objective));
    if (objective->together_count)
        PST_TRY(pst_style_terms_compare(objective->together, objective->together_count, &objective->sums,
                                        pst_pass_workspace(objective->pass)));
    PST_TRY(pst_style_regions_finish(objective->styles, NULL, o->term_count, slot_step(objective), &objective->sums,
                                     pst_pass_workspace(objective->pass)));
    PST_TRY(pst_pass_backward(objective->pass, g, add_gradients, objective));
    for (size_t t = 0; t < o->term_count; t++)
        if (!pst_term_is_of_features(&o->terms[t]))
            PST_TRY(pst_image_term(session_of(objective), o, t, x, o->h, o->w, NULL, g, &objective->sums, t));
    if (o->keeps_content)
        PST_TRY(pst_mix_images(session_of(objective), g, NULL, objective->free, pixels_of(objective), g));
    PST_TRY(pst_sums_read_later(&objective->sums, slot_count(objective)));
cleanup:
    return status;
}

pst_status pst_objective_evaluate(pst_objective *objective, const pst_buffer *x, pst_buffer *g) {
    if (!objective->rehearsed && pst_rehearsal_begin(session_of(objective))) {
        evaluate(objective, x, g);
        pst_rehearsal_end(session_of(objective));
    }
    objective->rehearsed = true;
    return evaluate(objective, x, g);
}

double pst_objective_losses(const pst_objective *objective, double *losses) {
    double total = 0;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        bool style = objective->options.terms[t].kind == PST_TERM_STYLE;
        double loss = loss_factor(objective, t) *
                      (style ? pst_style_regions_sum(&objective->styles[t], &objective->sums, t, slot_step(objective))
                             : pst_sums_value(&objective->sums, t));
        if (losses)
            losses[t] = loss;
        total += loss;
    }
    return total;
}

void pst_objective_set_weight(pst_objective *objective, size_t term, double weight) {
    objective->options.terms[term].weight = weight;
}

const pst_buffer *pst_objective_target(const pst_objective *objective, size_t term) {
    const pst_buffer *style = objective->styles[term].terms[0].target;
    return style ? style : objective->targets[term];
}

const pst_buffer *pst_objective_difference(const pst_objective *objective, size_t term) {
    return objective->styles[term].terms[0].difference;
}

pst_pass *pst_objective_pass(const pst_objective *objective) { return objective->pass; }
