#include "transfer/objective.h"

#include "base/memory.h"
#include "op/gram.h"
#include "op/loss.h"
#include "op/vector.h"

struct pst_objective {
    pst_net *net;
    pst_objective_options options;
    pst_pass *pass;
    pst_buffer *targets[PST_TERMS_MAX];     /* content: P [pixels][c]; style: T [c][c] */
    pst_buffer *differences[PST_TERMS_MAX]; /* style: G - T */
    pst_buffer *unscaled;                   /* normalised gradients: a layer's gradient before it is scaled */
    pst_sums sums;                          /* a slot a term, then one for an L1 norm */
};

static pst_session *session_of(const pst_objective *objective) { return objective->net->engine.session; }

static pst_pass_layer layer_of(const pst_objective *objective, size_t term) {
    return pst_pass_layer_of(objective->pass, objective->options.terms[term].layer);
}

/* ---- the loss forms ---- */

/* The factor before F'F, for a map of this many pixels. */
static double gram_scale(pst_loss_form form, int true_c, size_t pixels) {
    return form == PST_LOSS_GATYS ? 1.0 / (double)pixels : 1.0 / ((double)true_c * (double)pixels);
}

/* Loss of a term = factor * (the sum of squares that was measured). */
static double loss_factor(const pst_objective *objective, size_t term) {
    const pst_term *t = &objective->options.terms[term];
    bool gatys = objective->options.form == PST_LOSS_GATYS;
    if (t->kind == PST_TERM_TV)
        return t->weight / 2;
    pst_pass_layer layer = layer_of(objective, term);
    double c = layer.true_c, n = (double)layer.pixels;
    if (t->kind == PST_TERM_CONTENT)
        return t->weight * (gatys ? 0.5 : 1 / (c * n));
    return t->weight * (gatys ? 1 / (4 * c * c) : 1 / (c * c));
}

/* Gradient with respect to F = factor * (F - P), or factor * F (G - T), before the weight. */
static double gradient_factor(const pst_objective *objective, size_t term) {
    const pst_term *t = &objective->options.terms[term];
    bool gatys = objective->options.form == PST_LOSS_GATYS;
    pst_pass_layer layer = layer_of(objective, term);
    double c = layer.true_c, n = (double)layer.pixels;
    if (t->kind == PST_TERM_CONTENT)
        return gatys ? 1 : 2 / (c * n);
    return gatys ? 1 / (c * c * n) : 4 / (c * c * c * n);
}

/* ---- planning ---- */

/* The gradient may be written over the features where only one term wants them. */
static void find_in_place(const pst_objective *objective, pst_pass_options *options) {
    const pst_objective_options *o = &objective->options;
    int users[PST_LAYERS_MAX] = {0};
    bool gram = pst_gram_in_place(session_of(objective));
    for (size_t t = 0; t < o->term_count; t++)
        if (o->terms[t].kind != PST_TERM_TV)
            users[o->terms[t].layer] += o->terms[t].kind == PST_TERM_STYLE && !gram ? 2 : 1;
    for (size_t l = 0; l < PST_LAYERS_MAX; l++)
        options->in_place[l] = users[l] == 1 && !o->normalize_gradients;
}

static pst_pass_options pass_options(const pst_objective *objective, bool style, bool content, int h, int w, bool backward) {
    const pst_objective_options *o = &objective->options;
    pst_pass_options options = {.h = h, .w = w, .pooling = o->pooling, .backward = backward};
    for (size_t t = 0; t < o->term_count; t++) {
        const pst_term *term = &o->terms[t];
        if ((term->kind == PST_TERM_STYLE && style) || (term->kind == PST_TERM_CONTENT && content))
            options.wanted[term->layer] = true;
        if (term->kind == PST_TERM_STYLE && style) {
            int layer_h, layer_w;
            pst_layer_size(&objective->net->layers, term->layer, h, w, &layer_h, &layer_w);
            size_t bytes = pst_gram_workspace_bytes(session_of(objective), (size_t)layer_h * (size_t)layer_w,
                                                    objective->net->layers.at[term->layer].c_out);
            options.extra_workspace_bytes = bytes > options.extra_workspace_bytes ? bytes : options.extra_workspace_bytes;
        }
    }
    find_in_place(objective, &options);
    return options;
}

static bool wants_any(const pst_pass_options *options) {
    for (size_t l = 0; l < PST_LAYERS_MAX; l++)
        if (options->wanted[l])
            return true;
    return false;
}

pst_status pst_objective_create(pst_net *net, const pst_objective_options *options, pst_objective **result) {
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
        pst_buffer_destroy(session, objective->differences[t]);
    }
    pst_buffer_destroy(session, objective->unscaled);
    pst_sums_destroy(&objective->sums);
    pst_pass_destroy(objective->pass);
    pst_free(objective);
}

static size_t target_floats(const pst_objective *objective, size_t term) {
    const pst_term *t = &objective->options.terms[term];
    if (t->kind == PST_TERM_TV)
        return 0;
    pst_pass_layer layer = layer_of(objective, term);
    return t->kind == PST_TERM_CONTENT ? layer.pixels * (size_t)layer.c : (size_t)layer.c * (size_t)layer.c;
}

static size_t unscaled_floats(const pst_objective *objective) {
    size_t most = 0;
    for (size_t t = 0; objective->options.normalize_gradients && t + 1 < objective->options.term_count; t++) {
        pst_pass_layer layer = layer_of(objective, t);
        most = layer.pixels * (size_t)layer.c > most ? layer.pixels * (size_t)layer.c : most;
    }
    return most;
}

size_t pst_objective_target_bytes(const pst_objective *objective, size_t *largest) {
    size_t floats = unscaled_floats(objective), most = floats;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        size_t target = target_floats(objective, t);
        floats += objective->options.terms[t].kind == PST_TERM_STYLE ? 2 * target : target;
        most = target > most ? target : most;
    }
    *largest = sizeof(float) * most;
    return sizeof(float) * floats + pst_sums_bytes(objective->options.term_count + 1);
}

pst_pass_bytes pst_objective_pass_bytes(const pst_objective *objective) { return pst_pass_measure(objective->pass); }

pst_status pst_objective_style_bytes(pst_objective *objective, int h, int w, size_t *bytes, size_t *largest) {
    pst_pass *pass;
    pst_pass_options options = pass_options(objective, true, false, h, w, false);
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

/* ---- targets ---- */

pst_status pst_objective_begin(pst_objective *objective) {
    pst_session *session = session_of(objective);
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        size_t bytes = sizeof(float) * target_floats(objective, t);
        if (bytes)
            PST_TRY(pst_buffer_create(session, bytes, objective->options.terms[t].name, &objective->targets[t]));
        if (objective->options.terms[t].kind == PST_TERM_STYLE)
            PST_TRY(pst_buffer_create(session, bytes, objective->options.terms[t].name, &objective->differences[t]));
    }
    if (unscaled_floats(objective))
        PST_TRY(pst_buffer_create(session, sizeof(float) * unscaled_floats(objective), "gradient of a layer", &objective->unscaled));
    PST_TRY(pst_sums_create(session, objective->options.term_count + 1, &objective->sums));
cleanup:
    return status;
}

/* What a walk over a target picture needs to know. */
typedef struct target_walk {
    pst_objective *objective;
    pst_pass *pass;
    double blend;
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
        if (term->kind == PST_TERM_TV || term->layer != layer)
            continue;
        if (walk->style && term->kind == PST_TERM_STYLE)
            status = pst_gram_add(session, features, l.pixels, l.c, walk->blend * gram_scale(objective->options.form, l.true_c, l.pixels),
                                  objective->targets[t], pst_pass_workspace(walk->pass));
        else if (!walk->style && term->kind == PST_TERM_CONTENT)
            status = pst_buffer_copy(session, objective->targets[t], features, objective->targets[t]->bytes);
    }
    return status;
}

static pst_status walk_target(pst_objective *objective, const pst_buffer *x, int h, int w, double blend, bool style) {
    target_walk walk = {.objective = objective, .blend = blend, .style = style};
    pst_pass_options options = pass_options(objective, style, !style, h, w, false);
    pst_status status;
    if (!wants_any(&options))
        return PST_OK;
    PST_TRY(pst_pass_create(objective->net, &options, &walk.pass));
    PST_TRY(pst_pass_allocate(walk.pass));
    PST_TRY(pst_pass_forward(walk.pass, x, take_target, &walk));
    PST_TRY(pst_session_finish(session_of(objective))); /* before the maps go */
cleanup:
    pst_pass_destroy(walk.pass);
    return status;
}

pst_status pst_objective_set_content(pst_objective *objective, const pst_buffer *x) {
    return walk_target(objective, x, objective->options.h, objective->options.w, 1, false);
}

pst_status pst_objective_add_style(pst_objective *objective, const pst_buffer *x, int h, int w, double blend) {
    return walk_target(objective, x, h, w, blend, true);
}

pst_status pst_objective_end(pst_objective *objective) { return pst_pass_allocate(objective->pass); }

/* ---- evaluation ---- */

static pst_status compare_styles(void *user, size_t layer, const pst_buffer *features) {
    pst_objective *objective = user;
    pst_status status = PST_OK;
    for (size_t t = 0; t < objective->options.term_count && status == PST_OK; t++) {
        const pst_term *term = &objective->options.terms[t];
        if (term->kind != PST_TERM_STYLE || term->layer != layer)
            continue;
        pst_pass_layer l = layer_of(objective, t);
        status = pst_gram_compare(session_of(objective), features, l.pixels, l.c, gram_scale(objective->options.form, l.true_c, l.pixels),
                                  objective->targets[t], objective->differences[t], &objective->sums, t,
                                  pst_pass_workspace(objective->pass));
    }
    return status;
}

/* d (+)= scale * the term's gradient with respect to the features, and for content the loss as well. */
static pst_status term_gradient(pst_objective *objective, size_t t, const pst_buffer *features, double scale, bool accumulate,
                                pst_buffer *d) {
    pst_pass_layer l = layer_of(objective, t);
    if (objective->options.terms[t].kind == PST_TERM_CONTENT)
        return pst_content(session_of(objective), features, objective->targets[t], l.pixels * (size_t)l.c, scale, accumulate, d,
                           &objective->sums, t);
    return pst_gram_backward(session_of(objective), features, objective->differences[t], l.pixels, l.c, scale, accumulate, d,
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
        if (term->kind == PST_TERM_TV || term->layer != layer)
            continue;
        pst_pass_layer l = layer_of(objective, t);
        size_t count = l.pixels * (size_t)l.c;
        if (objective->options.normalize_gradients) {
            PST_TRY(term_gradient(objective, t, features, gradient_factor(objective, t), false, objective->unscaled));
            PST_TRY(pst_absolute_sum(session, objective->unscaled, count, &objective->sums, norm_slot));
            PST_TRY(pst_add_normalized(session, objective->unscaled, count, term->weight, &objective->sums, norm_slot, accumulate, d));
        } else
            PST_TRY(term_gradient(objective, t, features, term->weight * gradient_factor(objective, t), accumulate, d));
        accumulate = true;
    }
cleanup:
    return status;
}

pst_status pst_objective_evaluate(pst_objective *objective, const pst_buffer *x, pst_buffer *g) {
    const pst_objective_options *o = &objective->options;
    size_t tv = o->term_count - 1;
    pst_status status;
    PST_TRY(pst_pass_forward(objective->pass, x, compare_styles, objective));
    PST_TRY(pst_pass_backward(objective->pass, g, add_gradients, objective));
    PST_TRY(pst_smoothness(session_of(objective), x, o->h, o->w, o->terms[tv].weight, true, g, &objective->sums, tv));
    PST_TRY(pst_sums_read_later(&objective->sums, o->term_count));
cleanup:
    return status;
}

double pst_objective_losses(const pst_objective *objective, double *losses) {
    double total = 0;
    for (size_t t = 0; t < objective->options.term_count; t++) {
        double loss = loss_factor(objective, t) * pst_sums_value(&objective->sums, t);
        if (losses)
            losses[t] = loss;
        total += loss;
    }
    return total;
}

void pst_objective_set_weight(pst_objective *objective, size_t term, double weight) { objective->options.terms[term].weight = weight; }

const pst_buffer *pst_objective_target(const pst_objective *objective, size_t term) { return objective->targets[term]; }

const pst_buffer *pst_objective_difference(const pst_objective *objective, size_t term) { return objective->differences[term]; }

pst_pass *pst_objective_pass(const pst_objective *objective) { return objective->pass; }
