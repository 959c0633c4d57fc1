/* What the tiled objective takes, before and when it is taken. */
#include "base/memory.h"
#include "spread/tiled_state.h"

const pst_layer *pst_tiled_layer(const pst_tiled *tiled, size_t term) {
    return &tiled->layers->at[tiled->options.terms[term].layer];
}

/* The map of a term's layer. */
size_t pst_tiled_map_pixels(const pst_tiled *tiled, size_t term) {
    int h, w;
    pst_layer_size(tiled->layers, tiled->options.terms[term].layer, tiled->options.h, tiled->options.w, &h, &w);
    return (size_t)h * (size_t)w;
}

bool pst_tiled_is_in(const pst_tiled *tiled, const pst_partition *partition, size_t segment, size_t term) {
    const pst_segment *s = &partition->segments[segment];
    const pst_term *t = &tiled->options.terms[term];
    return pst_term_is_of_features(t) && t->layer >= s->first && t->layer < s->first + s->count;
}

size_t pst_tiled_workspace(void *user, size_t layer, size_t pixels) {
    const pst_tiled *tiled = user;
    const pst_conv_engine *engine = &tiled->nets[0]->engine;
    const pst_objective_options *o = &tiled->options;
    for (size_t t = 0; t < o->term_count; t++)
        if (pst_tiled_is_at(tiled, t, layer) && o->terms[t].kind == PST_TERM_STYLE) {
            size_t own = pst_style_regions_workspace_bytes(engine, o->form, pixels, pst_tiled_layer(tiled, t)->c_out,
                                                           o->region_count),
                   finish = pst_style_finish_bytes(engine, tiled->layers, o);
            return own > finish ? own : finish;
        }
    return 0;
}

pst_status pst_tiled_create(pst_device_network *const *nets, size_t count, const pst_objective_options *options,
                            const pst_tiled_options *tiles, pst_stores *stores, pst_tiled **result) {
    pst_tiled *tiled;
    *result = NULL;
    pst_status status = pst_allocate(stores->error, 1, sizeof *tiled, &tiled);
    if (status != PST_OK)
        return status;
    tiled->error = stores->error;
    tiled->layers = &nets[0]->layers;
    tiled->options = *options;
    tiled->tiles = *tiles;
    tiled->stores = stores;
    tiled->device_count = count;
    for (size_t d = 0; d < count; d++) {
        tiled->nets[d] = tiled->devices[d].net = nets[d];
        tiled->devices[d].session = nets[d]->engine.session;
    }
    pst_tile_walk_options walk = {.h = options->h,
                                  .w = options->w,
                                  .tile = tiles->tile,
                                  .pooling = options->pooling,
                                  .replicate = options->replicate,
                                  .backward = true,
                                  .workspace = pst_tiled_workspace,
                                  .user = tiled,
                                  .keep_bytes = tiles->keep_bytes,
                                  .in_file = tiles->in_file};
    bool any = false;
    for (size_t t = 0; t < options->term_count; t++)
        if (pst_term_is_of_features(&options->terms[t]))
            walk.wanted[options->terms[t].layer] = any = true;
    if (!any) {
        status = pst_fail(tiled->error, PST_ERROR_ARGUMENT, "name at least one content or style layer");
        goto cleanup;
    }
    pst_terms_in_place(tiled->devices[0].session, options, walk.in_place);
    PST_TRY(pst_tile_walk_create(nets, count, &walk, stores, &tiled->walk));
    for (size_t s = 0; s < pst_tiled_partition(tiled)->count; s++) {
        const size_t number = (size_t)pst_segment_tiles(&pst_tiled_partition(tiled)->segments[s]);
        tiled->most_tiles = number > tiled->most_tiles ? number : tiled->most_tiles;
    }
    const size_t ranks = (size_t)pst_ranks_count(stores->ranks);
    PST_TRY(pst_allocate(tiled->error, ranks, sizeof *tiled->held, &tiled->held));
    PST_TRY(pst_allocate(tiled->error, tiled->most_tiles > ranks ? tiled->most_tiles : ranks, sizeof *tiled->parts,
                         &tiled->parts));
    *result = tiled;
    return PST_OK;
cleanup:
    pst_tiled_destroy(tiled);
    return status;
}

static void close_device(pst_tiled_device *device) {
    for (size_t t = 0; t < PST_TERMS_MAX; t++) {
        pst_style_regions_close(&device->styles[t]);
        pst_session_free(device->session, device->tile_sums[t]);
    }
    pst_buffer_destroy(device->session, device->content);
    pst_buffer_destroy(device->session, device->gradient);
    pst_buffer_destroy(device->session, device->gram);
    pst_buffer_destroy(device->session, device->row);
    pst_sums_destroy(&device->sums);
    pst_free(device->staging);
}

void pst_tiled_destroy(pst_tiled *tiled) {
    if (!tiled)
        return;
    for (size_t d = 0; d < tiled->device_count; d++)
        close_device(&tiled->devices[d]);
    for (size_t t = 0; t < PST_TERMS_MAX; t++)
        pst_exact_sum_destroy(&tiled->map_sums[t]);
    pst_tiled_destroy_maps(tiled);
    pst_guides_clear(&tiled->guides);
    pst_free(tiled->held);
    pst_free(tiled->parts);
    pst_lock_destroy(tiled->lock);
    pst_free(tiled->tile_values);
    pst_tile_walk_destroy(tiled->walk);
    pst_free(tiled);
}

const pst_partition *pst_tiled_partition(const pst_tiled *tiled) { return pst_tile_walk_partition(tiled->walk); }

size_t pst_tiled_part_pixels(const pst_tiled *tiled, const pst_partition *p, size_t term, bool window) {
    const size_t layer = tiled->options.terms[term].layer;
    size_t most = 0;
    for (size_t i = 0; i < p->count; i++)
        for (int t = 0; pst_tiled_is_in(tiled, p, i, term) && t < pst_segment_tiles(&p->segments[i]); t++) {
            const pst_rect part = window ? pst_segment_window(&p->segments[i], t, PST_WALK_BACKWARD)
                                         : pst_segment_own(&p->segments[i], t),
                           map = pst_segment_at_layer(tiled->layers, &p->segments[i], part, layer);
            const size_t pixels = (size_t)map.h * (size_t)map.w;
            most = pixels > most ? pixels : most;
        }
    return most;
}

static size_t part_pixels(const pst_tiled *tiled, size_t term, bool window) {
    return pst_tiled_part_pixels(tiled, pst_tiled_partition(tiled), term, window);
}

/* Bytes of the buffers on the device, and of the host's staging. */
typedef struct sizes {
    size_t content, gradient, gram, row, staging;
} sizes;

static void at_least(size_t *most, size_t bytes) { *most = bytes > *most ? bytes : *most; }

static sizes sizes_of(const pst_tiled *tiled) {
    const pst_partition *p = pst_tiled_partition(tiled);
    const pst_segment *image = &p->segments[0];
    sizes most = {0};
    for (size_t t = 0; t < pst_feature_terms(&tiled->options); t++) {
        const size_t c = (size_t)pst_tiled_layer(tiled, t)->c_out;
        if (tiled->options.terms[t].kind == PST_TERM_CONTENT)
            at_least(&most.content, sizeof(float) * c * part_pixels(tiled, t, true));
        if (tiled->options.terms[t].kind == PST_TERM_STYLE) {
            at_least(&most.gram, sizeof(float) * c * c);
            at_least(&most.row, sizeof(float) * c);
        }
        if (tiled->options.normalize_gradients)
            at_least(&most.gradient, sizeof(float) * c * part_pixels(tiled, t, false));
    }
    most.staging = most.content > most.gram ? most.content : most.gram;
    if (tiled->options.keeps_content)
        at_least(&most.staging, sizeof(float) * 3 * pst_rect_area(pst_segment_longest(image, PST_WALK_BACKWARD)));
    return most;
}

pst_tiled_needs pst_tiled_measure(pst_tiled *tiled) {
    const pst_objective_options *o = &tiled->options;
    const sizes most = sizes_of(tiled);
    pst_tiled_needs needs = {
        .walk = pst_tile_walk_measure(tiled->walk),
        .targets = most.content + most.gradient + most.gram + most.row + pst_sums_bytes(pst_tiled_slots(tiled)),
        .host = tiled->device_count * most.staging + sizeof(double) * o->term_count * tiled->most_tiles};
    needs.largest = needs.walk.largest;
    const size_t parts[] = {most.content, most.gradient, most.gram};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        needs.largest = parts[i] > needs.largest ? parts[i] : needs.largest;
    for (size_t t = 0; t < pst_feature_terms(o); t++) {
        size_t largest;
        if (o->terms[t].kind == PST_TERM_STYLE) {
            needs.targets += pst_style_regions_bytes(o->form, pst_tiled_layer(tiled, t)->c_out,
                                                     part_pixels(tiled, t, true), o->region_count, &largest);
            needs.largest = largest > needs.largest ? largest : needs.largest;
            const size_t sums = pst_tiled_regions(tiled) * pst_tiled_sum_floats(tiled, t);
            needs.host += tiled->device_count * sums * sizeof(float) + pst_exact_sum_bytes(sums);
        }
    }
    needs.host += needs.walk.staging;
    uint64_t exchange;
    needs.stores = pst_tiled_map_bytes(tiled, &needs.content, &exchange);
    needs.stores += needs.walk.levels + needs.content;
    needs.host += exchange;
    return needs;
}

typedef struct each {
    pst_tiled *tiled;
    pst_tiled_work *work;
    pst_status statuses[PST_TILED_DEVICES_MAX];
} each;

static void do_one(void *user, size_t device) {
    each *e = user;
    e->statuses[device] = e->work(e->tiled, device);
}

pst_status pst_tiled_on_each(pst_tiled *tiled, pst_tiled_work *work) {
    each e = {.tiled = tiled, .work = work};
    pst_threads_run(tiled->device_count, do_one, &e);
    pst_status status = PST_OK;
    for (size_t d = 0; d < tiled->device_count && status == PST_OK; d++)
        status = pst_tile_walk_tell(tiled->walk, d, e.statuses[d]);
    return status;
}

static pst_status end_styles(pst_tiled *tiled, size_t d) {
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count && status == PST_OK; t++)
        if (tiled->options.terms[t].kind == PST_TERM_STYLE)
            status = pst_style_regions_end(&tiled->devices[d].styles[t]);
    return status;
}

pst_status pst_tiled_end(pst_tiled *tiled) { return pst_tiled_on_each(tiled, end_styles); }

static pst_status begin_device(pst_tiled *tiled, size_t d) {
    pst_tiled_device *device = &tiled->devices[d];
    pst_session *session = device->session;
    const pst_objective_options *o = &tiled->options;
    const sizes most = sizes_of(tiled);
    const struct {
        size_t bytes;
        const char *what;
        pst_buffer **buffer;
    } buffers[] = {{most.content, "features of the content", &device->content},
                   {most.gradient, "gradient of a layer", &device->gradient},
                   {most.gram, "a Gram matrix", &device->gram},
                   {most.row, "means of features", &device->row}};
    pst_status status;
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        if (buffers[i].bytes)
            PST_TRY(pst_buffer_create(session, buffers[i].bytes, buffers[i].what, buffers[i].buffer));
    PST_TRY(pst_sums_create(session, pst_tiled_slots(tiled), &device->sums));
    if (most.staging)
        PST_TRY(pst_allocate(session->error, most.staging, 1, &device->staging));
    for (size_t t = 0; t < pst_feature_terms(o); t++) {
        const pst_layer *layer = pst_tiled_layer(tiled, t);
        const size_t floats = pst_tiled_regions(tiled) * pst_tiled_sum_floats(tiled, t);
        if (o->terms[t].kind != PST_TERM_STYLE)
            continue;
        PST_TRY(pst_style_regions_open(&device->net->engine, o->form, layer->c_out, layer->true_c_out,
                                       pst_tiled_map_pixels(tiled, t), part_pixels(tiled, t, true), o->region_count,
                                       o->terms[t].name, &device->styles[t]));
        PST_TRY(pst_allocate(session->error, floats, sizeof(float), &device->tile_sums[t]));
    }
cleanup:
    return status;
}

pst_status pst_tiled_begin(pst_tiled *tiled) {
    const pst_objective_options *o = &tiled->options;
    pst_status status;
    PST_TRY(pst_lock_create(tiled->error, &tiled->lock));
    PST_TRY(pst_allocate(tiled->error, o->term_count * tiled->most_tiles, sizeof(double), &tiled->tile_values));
    for (size_t d = 0; d < tiled->device_count; d++)
        PST_TRY(pst_tile_walk_tell(tiled->walk, d, begin_device(tiled, d)));
    for (size_t t = 0; t < o->term_count; t++)
        if (o->terms[t].kind == PST_TERM_STYLE)
            PST_TRY(pst_exact_sum_create(tiled->error, pst_tiled_regions(tiled) * pst_tiled_sum_floats(tiled, t),
                                         &tiled->map_sums[t]));
    PST_TRY(pst_tiled_create_maps(tiled));
cleanup:
    return status;
}
