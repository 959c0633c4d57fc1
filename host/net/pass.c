#include "net/pass.h"

#include "base/memory.h"
#include "net/memory_plan.h"
#include "op/activation.h"
#include "op/border.h"
#include "op/refused.h"

/* What a layer may leave behind. A layer's full map exists unless only its pooling is wanted. SIGNS are the bits of the
 * ReLU, or of a pooling that is fused with it; POOL_BITS those of a pooling that is not. D_POOLED is also the gradient
 * of a map without pooling that is handed on, where a loss has another. */
enum { FEATURES, SIGNS, POOLED, POOL_BITS, D_FEATURES, D_POOLED, KINDS };
_Static_assert(PST_LAYERS_MAX *KINDS == PST_PASS_SLOTS_MAX, "each kind may have a slot of its own");

struct pst_pass {
    pst_device_network *net;
    pst_pass_options options;
    size_t first, count; /* layers walked: first to count - 1 */
    int h[PST_LAYERS_MAX + 1], w[PST_LAYERS_MAX + 1];
    int chosen_h[PST_LAYERS_MAX + 1], chosen_w[PST_LAYERS_MAX + 1];
    pst_plan_tensor tensors[PST_LAYERS_MAX * KINDS];
    size_t slot_bytes[PST_LAYERS_MAX * KINDS], slot_count, workspace_bytes, weight_bytes, weight_piece;
    pst_buffer *slots[PST_LAYERS_MAX * KINDS], *maps[PST_LAYERS_MAX * KINDS],
        *workspace;      /* the maps are slices of the slots */
    size_t shared_count; /* slots that are the memory's, not the pass's own */
    bool workspace_shared;
    const pst_buffer *x; /* of the last forward walk */
    bool spared;         /* callbacks leave the workspace as it is */
    int begun;           /* pst_conv_next's, for the next convolution */
};

static bool is_pooled(const pst_pass *pass, size_t layer) {
    return (layer + 1 < pass->count || pass->options.hands_on) && pass->net->layers.at[layer].pooled;
}

/* L2 pooling needs on its way back the map and what came out of it. */
static bool is_l2(const pst_pass *pass, size_t layer) {
    return is_pooled(pass, layer) && pass->options.pooling == PST_POOL_L2;
}

/* Windows over the edge are not part of the convolutions. */
static bool has_parts(const pst_pass *pass, size_t layer) {
    return pass->net->layers.ceil && (pass->h[layer] % 2 || pass->w[layer] % 2);
}

/* Does the full map of a layer exist, or is the pooling fused into the convolution? */
static bool has_map(const pst_pass *pass, size_t layer) {
    return !is_pooled(pass, layer) || pass->options.wanted[layer] || is_l2(pass, layer) ||
           (layer == 0 && pass->options.replicate) || has_parts(pass, layer);
}

/* The first layer's map is the largest of all, is needed again only at the very end, and costs next to nothing: it is
 * computed a second time, into where its gradient then goes. */
static bool is_recomputed(const pst_pass *pass, size_t layer) {
    const pst_pass_options *o = &pass->options;
    return layer == 0 && o->backward && o->wanted[0] && o->in_place[0] && pass->count > 1 && !is_pooled(pass, 0);
}

static pst_pool fused_pool(const pst_pass *pass, size_t layer) {
    return has_map(pass, layer) ? PST_POOL_NONE : pass->options.pooling;
}

static pst_conv_shape shape_of(const pst_pass *pass, size_t layer, bool backward) {
    return pst_device_network_shape(pass->net, layer, backward, pass->h[layer], pass->w[layer],
                                    fused_pool(pass, layer));
}

static const pst_conv_algorithm *algorithm_of(const pst_pass *pass, size_t layer, bool backward) {
    pst_conv_shape shape = shape_of(pass, layer, backward);
    shape.h = pass->chosen_h[layer];
    shape.w = pass->chosen_w[layer];
    return pst_device_network_algorithm(pass->net, &shape);
}

static pst_buffer *tensor(const pst_pass *pass, size_t layer, int kind) {
    return pass->maps[layer * KINDS + (size_t)kind];
}

/* Where the gradient with respect to a layer's map is. */
static pst_buffer *gradient_map(const pst_pass *pass, size_t layer) {
    pst_buffer *own = tensor(pass, layer, D_FEATURES);
    return own ? own : tensor(pass, layer, FEATURES);
}

static void want(pst_pass *pass, size_t layer, int kind, size_t bytes, size_t first, size_t last) {
    pass->tensors[layer * KINDS + (size_t)kind] =
        (pst_plan_tensor){.bytes = pst_round_up(bytes, 64), .first = (int)first, .last = (int)last};
}

/* Time runs from 0: layer l forward is step l, backward step 2 * count - 1 - l. */
static void plan_maps(pst_pass *pass) {
    size_t count = pass->count, end = 2 * count - 1;
    bool backward = pass->options.backward;
    for (size_t l = pass->first; l < count; l++) {
        size_t pixels = (size_t)pass->h[l] * (size_t)pass->w[l], c = (size_t)pass->net->layers.at[l].c_out,
               undo = end - l;
        size_t pooled = is_pooled(pass, l) ? (size_t)pass->h[l + 1] * (size_t)pass->w[l + 1] : 0;
        size_t gradient_from = l + 1 < count ? undo - 1 : undo;
        size_t bits = pixels * c / 8;
        bool wanted = pass->options.wanted[l], again = is_recomputed(pass, l), l2 = is_l2(pass, l);
        want(pass, l, SIGNS, bits, again ? gradient_from : l,
             backward ? undo : l); /* unused forward only, but one kernel serves both */
        if (has_map(pass, l)) {
            want(pass, l, FEATURES, sizeof(float) * pixels * c, l, backward && (wanted || l2) && !again ? undo : l + 1);
            /* the gradient of L2 pooling alone goes over the map, that of a loss besides does not */
            if (backward && (l2 ? wanted : again || !(wanted && pass->options.in_place[l])))
                want(pass, l, D_FEATURES, sizeof(float) * pixels * c, gradient_from, undo);
        }
        if (is_pooled(pass, l)) {
            want(pass, l, POOLED, sizeof(float) * pooled * c, l, backward && l2 ? gradient_from : l + 1);
            if (backward && has_map(pass, l) && !l2)
                want(pass, l, POOL_BITS, bits, l, undo);
            if (backward)
                want(pass, l, D_POOLED, sizeof(float) * pooled * c, gradient_from, undo);
        } else if (backward && wanted && pass->options.hands_on && l + 1 == count) {
            want(pass, l, D_POOLED, sizeof(float) * pixels * c, undo, undo);
        }
    }
    pass->slot_count = pst_plan_assign(pass->tensors, PST_LAYERS_MAX * KINDS, PST_SLICE_ALIGN, pass->slot_bytes);
}

static pst_status plan_scratch(pst_pass *pass) {
    pass->workspace_bytes = pass->options.extra_workspace_bytes;
    pass->weight_bytes = pass->options.replicate ? pst_device_network_border_bytes(pass->net) : 0;
    pass->weight_piece = pass->weight_bytes;
    for (size_t l = pass->first; l < pass->count; l++) {
        const pst_conv_algorithm *forward = NULL;
        for (int backward = 0; backward <= (pass->options.backward ? 1 : 0); backward++) {
            pst_conv_shape shape = shape_of(pass, l, backward);
            const pst_conv_algorithm *algorithm = algorithm_of(pass, l, backward);
            size_t bytes;
            pst_status status = algorithm->workspace_bytes(&pass->net->engine, &shape, &bytes);
            if (status != PST_OK)
                return status;
            pass->workspace_bytes = bytes > pass->workspace_bytes ? bytes : pass->workspace_bytes;
            bytes = pst_conv_weight_piece(&pass->net->engine, algorithm, &shape);
            pass->weight_piece = bytes > pass->weight_piece ? bytes : pass->weight_piece;
            if (!forward)
                pass->weight_bytes += sizeof(float) * (size_t)shape.c_out; /* the bias */
            if (!forward || !pst_conv_shares(forward, algorithm, &shape))
                pass->weight_bytes += pst_conv_weight_bytes(&pass->net->engine, algorithm, &shape);
            forward = algorithm;
        }
    }
    return PST_OK;
}

pst_status pst_pass_create(pst_device_network *net, const pst_pass_options *options, pst_pass **result) {
    *result = NULL;
    pst_error *error = net->engine.session->error;
    pst_pass *pass;
    pst_status status = pst_allocate(error, 1, sizeof *pass, &pass);
    if (status != PST_OK)
        return status;
    pass->net = net;
    pass->options = *options;
    pass->first = options->first;
    pass->count = options->end;
    for (size_t l = 0; !options->end && l < net->layers.count; l++)
        if (options->wanted[l])
            pass->count = l + 1;
    for (size_t l = pass->first; l < pass->count + (options->hands_on ? 1 : 0); l++)
        if (!pst_layer_size_from(&net->layers, pass->first, l, options->h, options->w, &pass->h[l], &pass->w[l])) {
            status = pst_fail(error, PST_ERROR_ARGUMENT,
                              "an image of %dx%d is too small for layer %s; use a larger image size", options->w,
                              options->h, net->layers.at[pass->count - 1].name);
            goto cleanup;
        }
    for (size_t l = pass->first; l < pass->count; l++)
        pst_layer_size_from(&net->layers, pass->first, l, options->chosen_h ? options->chosen_h : options->h,
                            options->chosen_h ? options->chosen_w : options->w, &pass->chosen_h[l], &pass->chosen_w[l]);
    plan_maps(pass);
    PST_TRY(plan_scratch(pass));
    *result = pass;
    return PST_OK;
cleanup:
    pst_pass_destroy(pass);
    return status;
}

void pst_pass_destroy(pst_pass *pass) {
    if (!pass)
        return;
    for (size_t i = 0; i < PST_LAYERS_MAX * KINDS; i++)
        pst_buffer_destroy(pass->net->engine.session, pass->maps[i]);
    for (size_t i = pass->shared_count; i < pass->slot_count; i++)
        pst_buffer_destroy(pass->net->engine.session, pass->slots[i]);
    if (!pass->workspace_shared)
        pst_buffer_destroy(pass->net->engine.session, pass->workspace);
    pst_free(pass);
}

pst_pass_bytes pst_pass_measure(const pst_pass *pass) {
    pst_pass_bytes bytes = {.workspace = pass->workspace_bytes,
                            .weights = pass->weight_bytes,
                            .weight_piece = pass->weight_piece,
                            .largest = pass->workspace_bytes > pass->weight_piece ? pass->workspace_bytes
                                                                                  : pass->weight_piece};
    for (size_t i = 0; i < pass->slot_count; i++) {
        bytes.maps += pass->slot_bytes[i];
        bytes.largest = pass->slot_bytes[i] > bytes.largest ? pass->slot_bytes[i] : bytes.largest;
    }
    return bytes;
}

/* Slots come largest first, so that those of the same number are alike. */
void pst_pass_memory_want(pst_pass_memory *memory, const pst_pass *pass, bool maps) {
    for (size_t i = 0; maps && i < pass->slot_count; i++) {
        memory->slot_bytes[i] =
            pass->slot_bytes[i] > memory->slot_bytes[i] ? pass->slot_bytes[i] : memory->slot_bytes[i];
        memory->slot_count = i + 1 > memory->slot_count ? i + 1 : memory->slot_count;
    }
    if (pass->workspace_bytes > memory->workspace_bytes)
        memory->workspace_bytes = pass->workspace_bytes;
}

pst_status pst_pass_allocate(pst_pass *pass, const pst_pass_memory *memory) {
    pst_session *session = pass->net->engine.session;
    pst_status status = PST_OK;
    const pst_buffer *unused;
    if (pass->options.replicate)
        PST_TRY(pst_device_network_border(pass->net, &unused));
    for (size_t l = pass->first; l < pass->count; l++) {
        for (int backward = 0; backward <= (pass->options.backward ? 1 : 0); backward++) {
            pst_conv_shape shape = shape_of(pass, l, backward);
            PST_TRY(pst_device_network_weights(pass->net, l, &shape, algorithm_of(pass, l, backward), &unused));
        }
        PST_TRY(pst_device_network_bias(pass->net, l, &unused));
    }
    for (; memory && pass->shared_count < pass->slot_count && pass->shared_count < memory->slot_count;
         pass->shared_count++)
        pass->slots[pass->shared_count] = memory->slots[pass->shared_count];
    for (size_t i = pass->shared_count; i < pass->slot_count; i++)
        PST_TRY(pst_buffer_create(session, pass->slot_bytes[i], "feature maps", &pass->slots[i]));
    for (size_t i = 0; i < PST_LAYERS_MAX * KINDS; i++) {
        const pst_plan_tensor *t = &pass->tensors[i];
        if (t->slot >= 0)
            PST_TRY(pst_buffer_slice(session, pass->slots[t->slot], t->offset, t->bytes, &pass->maps[i]));
    }
    pass->workspace_shared = memory && memory->workspace;
    if (pass->workspace_shared)
        pass->workspace = memory->workspace;
    else if (pass->workspace_bytes) /* some algorithms need none */
        PST_TRY(pst_buffer_create(session, pass->workspace_bytes, "workspace", &pass->workspace));
cleanup:
    return status;
}

pst_pass_layer pst_pass_layer_of(const pst_pass *pass, size_t layer) {
    return (pst_pass_layer){.pixels = (size_t)pass->h[layer] * (size_t)pass->w[layer],
                            .h = pass->h[layer],
                            .w = pass->w[layer],
                            .c = pass->net->layers.at[layer].c_out,
                            .true_c = pass->net->layers.at[layer].true_c_out};
}

size_t pst_pass_layer_count(const pst_pass *pass) { return pass->count; }

pst_conv_shape pst_pass_shape(const pst_pass *pass, size_t layer, bool backward) {
    return shape_of(pass, layer, backward);
}

pst_buffer *pst_pass_workspace(const pst_pass *pass) { return pass->workspace; }

pst_buffer *pst_pass_output(const pst_pass *pass) {
    const size_t top = pass->count - 1;
    return tensor(pass, top, is_pooled(pass, top) ? POOLED : FEATURES);
}

pst_buffer *pst_pass_output_gradient(const pst_pass *pass) {
    pst_buffer *own = tensor(pass, pass->count - 1, D_POOLED);
    return own ? own : gradient_map(pass, pass->count - 1);
}

void pst_pass_spare_workspace(pst_pass *pass, bool spared) { pass->spared = spared; }

/* The convolution of layer l. `next` is the layer after it if nobody needs the workspace or changes the map in between,
 * else l. */
static pst_status convolve(pst_pass *pass, size_t l, bool backward, size_t next, pst_conv_tensors *tensors) {
    pst_conv_shape shape = shape_of(pass, l, backward);
    pst_conv_next after = {algorithm_of(pass, next, backward), shape_of(pass, next, backward),
                           has_map(pass, next) ? NULL : tensor(pass, next, SIGNS), 0};
    tensors->next = next == l ? NULL : &after;
    tensors->begun = pass->begun;
    pass->begun = 0;
    const pst_conv_algorithm *algorithm = algorithm_of(pass, l, backward);
    pst_status status = pst_device_network_weights(pass->net, l, &shape, algorithm, &tensors->weights);
    if (status != PST_OK)
        return status;
    tensors->workspace = pass->workspace;
    status = pst_conv_run(&pass->net->engine, algorithm, &shape, tensors);
    pass->begun = after.begun;
    return status;
}

/* The layer after l on the way up whose convolution may be begun, or l. */
static size_t next_up(const pst_pass *pass, size_t l) {
    bool at_once = l + 1 < pass->count && !(l == 0 && pass->options.replicate) &&
                   !(is_pooled(pass, l) && has_map(pass, l)) && (pass->spared || !pass->options.wanted[l]);
    return at_once ? l + 1 : l;
}

/* The same on the way down, where the losses of the layer below the next one come in between, and where the first layer
 * may be computed again. */
static size_t next_down(const pst_pass *pass, size_t l) {
    bool at_once = l > pass->first + 2 && !(is_pooled(pass, l - 1) && has_map(pass, l - 1)) &&
                   (pass->spared || !pass->options.wanted[l - 2]);
    return at_once ? l - 1 : l;
}

static pst_status ascend(pst_pass *pass, size_t l, size_t next, const pst_buffer *in, pst_buffer *out,
                         pst_buffer *bits) {
    pst_conv_tensors tensors = {.in = in, .out = out, .bits = bits};
    pst_status status;
    PST_TRY(pst_device_network_bias(pass->net, l, &tensors.bias));
    PST_TRY(convolve(pass, l, false, next, &tensors));
    if (l == 0 && pass->options.replicate) {
        const pst_buffer *weights;
        PST_TRY(pst_device_network_border(pass->net, &weights));
        PST_TRY(pst_border_forward(pass->net->engine.session, in, pass->h[0], pass->w[0], pass->net->layers.at[0].c_out,
                                   weights, tensors.bias, out, bits));
    }
cleanup:
    return status;
}

pst_status pst_pass_forward(pst_pass *pass, const pst_buffer *x, pst_feature_callback callback, void *user) {
    pst_status status = PST_OK;
    const pst_buffer *in = x;
    pass->x = x;
    pass->begun = 0;
    for (size_t l = pass->first; l < pass->count; l++) {
        pst_buffer *pooled = tensor(pass, l, POOLED), *out = has_map(pass, l) ? tensor(pass, l, FEATURES) : pooled;
        PST_TRY(ascend(pass, l, next_up(pass, l), in, out, is_recomputed(pass, l) ? NULL : tensor(pass, l, SIGNS)));
        if (callback && pass->options.wanted[l])
            PST_TRY(callback(user, l, out));
        if (is_l2(pass, l))
            PST_TRY(pst_pool_l2(pass->net->engine.session, out, pass->h[l], pass->w[l], pass->net->layers.at[l].c_out,
                                pass->net->layers.ceil, pooled));
        else if (is_pooled(pass, l) && has_map(pass, l))
            PST_TRY(pst_bias_relu_pool(pass->net->engine.session, out, pass->w[l], pass->net->layers.at[l].c_out, NULL,
                                       pass->options.pooling, pass->net->layers.ceil, 0, pass->h[l], pooled,
                                       tensor(pass, l, POOL_BITS)));
        in = is_pooled(pass, l) ? pooled : out;
    }
cleanup:
    return status;
}

/* Before the gradient from above comes to a layer: what the losses of that layer add is put into its gradient map. */
static pst_status begin_gradient(pst_pass *pass, size_t l, pst_gradient_callback callback, void *user) {
    pst_buffer *map = gradient_map(pass, l);
    pst_status status = PST_OK;
    if (is_recomputed(pass, l))
        PST_TRY(ascend(pass, l, l, pass->x, map, tensor(pass, l, SIGNS)));
    if (pass->options.wanted[l])
        PST_TRY(callback(user, l, is_recomputed(pass, l) ? map : tensor(pass, l, FEATURES), map));
cleanup:
    return status;
}

/* Brings the gradient behind the pooling of a layer, where there is one that is not fused, before it. */
static pst_status undo_pooling(pst_pass *pass, size_t l) {
    pst_session *session = pass->net->engine.session;
    const pst_layers *layers = &pass->net->layers;
    const pst_buffer *signs = pass->options.wanted[l] ? tensor(pass, l, SIGNS) : NULL, *d = tensor(pass, l, D_POOLED);
    pst_buffer *map = gradient_map(pass, l);
    if (is_l2(pass, l))
        return pst_unpool_l2(session, d, tensor(pass, l, POOLED), tensor(pass, l, FEATURES), pass->h[l], pass->w[l],
                             layers->at[l].c_out, layers->ceil, signs, map);
    if (is_pooled(pass, l) && has_map(pass, l))
        return pst_unpool(session, d, tensor(pass, l, POOL_BITS), pass->h[l], pass->w[l], layers->at[l].c_out,
                          pass->options.pooling, layers->ceil, signs, map);
    return PST_OK;
}

/* Does the convolution of the top layer mask the gradient of its losses, to which nothing is added? */
static bool masks_top(const pst_pass *pass) {
    size_t top = pass->count - 1;
    return !is_pooled(pass, top) && !tensor(pass, top, D_POOLED) && algorithm_of(pass, top, true)->masks;
}

/* The gradient that a layer's convolution takes on its way back. */
static pst_conv_tensors gradient_of(const pst_pass *pass, size_t l) {
    bool map = has_map(pass, l);
    return (pst_conv_tensors){.in = map ? gradient_map(pass, l) : tensor(pass, l, D_POOLED),
                              .in_bits =
                                  !map || (l + 1 == pass->count && masks_top(pass)) ? tensor(pass, l, SIGNS) : NULL};
}

/* The convolution of layer l, backward, into the gradient of the layer below. */
static pst_status descend(pst_pass *pass, size_t l, pst_gradient_callback callback, void *user) {
    size_t below = l - 1;
    bool pooled = is_pooled(pass, below);
    pst_conv_tensors tensors = gradient_of(pass, l);
    tensors.out = pooled ? tensor(pass, below, D_POOLED) : gradient_map(pass, below);
    tensors.mask = pooled ? NULL : tensor(pass, below, SIGNS); /* the bits of a pooling are applied when it is undone */
    tensors.add = pass->options.wanted[below] && !pooled;
    pst_status status;
    PST_TRY(begin_gradient(pass, below, callback, user));
    PST_TRY(convolve(pass, l, true, next_down(pass, l), &tensors));
    PST_TRY(undo_pooling(pass, below));
cleanup:
    return status;
}

pst_status pst_pass_backward(pst_pass *pass, pst_buffer *dx, pst_gradient_callback callback, void *user) {
    size_t top = pass->count - 1;
    pst_pass_layer layer = pst_pass_layer_of(pass, top);
    pst_status status;
    pass->begun = 0;
    PST_TRY(begin_gradient(pass, top, callback, user));
    if (is_pooled(pass, top))
        PST_TRY(undo_pooling(pass, top));
    else if (!masks_top(pass))
        PST_TRY(pst_add_mask(pass->net->engine.session, gradient_map(pass, top), 0, layer.pixels, layer.c,
                             tensor(pass, top, D_POOLED), tensor(pass, top, SIGNS)));
    for (size_t l = top; l > pass->first; l--)
        PST_TRY(descend(pass, l, callback, user));
    pst_conv_tensors tensors = gradient_of(pass, pass->first);
    tensors.out = dx;
    PST_TRY(convolve(pass, pass->first, true, pass->first, &tensors));
    if (pass->options.replicate) {
        const pst_buffer *weights;
        PST_TRY(pst_device_network_border(pass->net, &weights));
        PST_TRY(pst_border_backward(pass->net->engine.session, tensors.in, pass->h[0], pass->w[0],
                                    pass->net->layers.at[0].c_out, weights, dx));
    }
cleanup:
    return status;
}
