/* What walks over tiles take, before and when it is taken. */
#include "base/memory.h"
#include "spread/tile_walk_state.h"

/* Bytes of a map [h][w][c], rounded up as vectors of the image are. */
static size_t map_bytes(size_t pixels, int c) { return sizeof(float) * pst_round_up(pixels * (size_t)c, 16); }

/* Scratch memory for the layers of a segment, seen through windows of this size. */
static size_t workspace_bytes(const pst_tile_walk *walk, const pst_segment *s, pst_rect window, pst_rect own) {
    size_t most = 0;
    for (size_t l = s->first; l < s->first + s->count; l++) {
        const pst_rect parts[] = {pst_segment_at_layer(walk->layers, s, window, l),
                                  pst_segment_at_layer(walk->layers, s, own, l)};
        for (size_t i = 0; i < 2 && walk->options.wanted[l]; i++) {
            size_t bytes = walk->options.workspace(walk->options.user, l, pst_rect_area(parts[i]));
            most = bytes > most ? bytes : most;
        }
    }
    return most;
}

static pst_status make_pass(const pst_tile_walk *walk, const pst_tile_walker *walker, size_t index, int shape,
                            pst_pass **pass) {
    const pst_segment *s = pst_walk_segment(walk, index);
    const pst_tile_walk_options *o = &walk->options;
    const pst_rect size = pst_segment_shape_size(s, shape, pst_walk_windows(walk)),
                   longest = pst_segment_longest(s, pst_walk_windows(walk));
    pst_pass_options options = {.first = s->first,
                                .end = s->first + s->count,
                                .hands_on = s->out_c > 0,
                                .h = size.h,
                                .w = size.w,
                                .chosen_h = longest.h,
                                .chosen_w = longest.w,
                                .pooling = o->pooling,
                                .replicate = o->replicate && s->first == 0,
                                .backward = o->backward};
    for (size_t l = s->first; l < options.end; l++) {
        options.wanted[l] = o->wanted[l];
        options.in_place[l] = o->in_place[l];
    }
    for (int t = 0; t < pst_segment_tiles(s); t++) {
        if (pst_segment_shape(s, t) != shape)
            continue;
        size_t bytes =
            workspace_bytes(walk, s, pst_segment_window(s, t, pst_walk_windows(walk)), pst_segment_own(s, t));
        if (bytes > options.extra_workspace_bytes)
            options.extra_workspace_bytes = bytes;
    }
    return pst_pass_create(walker->net, &options, pass);
}

/* The passes of a segment, and the memory for the maps of any of them. */
static pst_status make_passes(const pst_tile_walk *walk, pst_tile_walker *walker, size_t s, pst_pass_memory *maps) {
    pst_status status = PST_OK;
    for (int t = 0; t < pst_segment_tiles(pst_walk_segment(walk, s)); t++) {
        const int shape = pst_segment_shape(pst_walk_segment(walk, s), t);
        if (walker->passes[s][shape])
            continue;
        PST_TRY(make_pass(walk, walker, s, shape, &walker->passes[s][shape]));
        pst_pass_memory_want(maps, walker->passes[s][shape], true);
    }
    maps->workspace_bytes = 0;
cleanup:
    return status;
}

/* Which tiles keep their maps: the deepest segments first, for they save most work for the memory they take. */
static pst_status plan_kept(const pst_tile_walk *walk, pst_tile_walker *walker, const pst_pass_memory *maps) {
    uint64_t left = walk->options.keep_bytes;
    pst_status status = PST_OK;
    for (size_t s = walk->partition.count; s-- > 0;) {
        const pst_tile_range own = pst_tile_walk_own_range(walk, s);
        const int tiles = own.end - own.first;
        size_t largest;
        const uint64_t bytes = pst_pass_memory_bytes(&maps[s], &largest);
        walker->kept_bytes[s] = bytes;
        PST_TRY(pst_allocate(walk->error, (size_t)tiles, sizeof *walker->kept[s], &walker->kept[s]));
        for (; walker->kept_count[s] < tiles && bytes <= left; left -= bytes)
            walker->kept[s][walker->kept_count[s]++].memory = maps[s];
    }
cleanup:
    return status;
}

pst_status pst_tile_walker_keep(const pst_tile_walk *walk, const pst_tile_walker *walker, size_t s, int shape,
                                pst_tile_kept *kept) {
    pst_pass_memory memory = kept->memory;
    pst_status status = PST_OK;
    if (kept->pass && kept->shape == shape)
        return PST_OK;
    pst_pass_destroy(kept->pass);
    kept->shape = shape;
    memory.workspace = walker->memory.workspace;
    PST_TRY(make_pass(walk, walker, s, shape, &kept->pass));
    PST_TRY(pst_pass_allocate(kept->pass, &memory));
cleanup:
    return status;
}

/* Is every tile kept, so that there is no need of a pass for the others? With several devices a tile may be left to one
 * that has kept another. */
static bool keeps_all(const pst_tile_walk *walk, const pst_tile_walker *walker, size_t s) {
    const pst_tile_range own = pst_tile_walk_own_range(walk, s);
    return walk->walker_count == 1 && walker->kept_count[s] == own.end - own.first;
}

pst_status pst_tile_walker_plan(pst_tile_walk *walk, pst_tile_walker *walker) {
    pst_pass_memory *maps;
    pst_status status;
    PST_TRY(pst_allocate(walk->error, PST_SEGMENTS_MAX, sizeof *maps, &maps));
    for (size_t s = 0; s < walk->partition.count; s++)
        PST_TRY(make_passes(walk, walker, s, &maps[s]));
    if (walk->options.backward)
        PST_TRY(plan_kept(walk, walker, maps));
    for (size_t s = 0; s < walk->partition.count; s++)
        for (int shape = 0; shape < PST_SHAPES; shape++)
            if (walker->passes[s][shape])
                pst_pass_memory_want(&walker->memory, walker->passes[s][shape], !keeps_all(walk, walker, s));
cleanup:
    pst_free(maps);
    return status;
}

static void drop_kept(pst_tile_walker *walker, pst_tile_kept *kept) {
    pst_pass_destroy(kept->pass);
    pst_pass_memory_destroy(walker->session, &kept->memory);
}

void pst_tile_walker_close(pst_tile_walker *walker) {
    for (size_t s = 0; s < PST_SEGMENTS_MAX; s++) {
        for (int shape = 0; shape < PST_SHAPES; shape++)
            pst_pass_destroy(walker->passes[s][shape]);
        for (int k = 0; k < walker->kept_count[s]; k++)
            drop_kept(walker, &walker->kept[s][k]);
        pst_free(walker->kept[s]);
    }
    pst_pass_memory_destroy(walker->session, &walker->memory);
    pst_buffer_destroy(walker->session, walker->x);
    pst_buffer_destroy(walker->session, walker->dx);
    pst_buffer_destroy(walker->session, walker->slice);
    pst_buffer_destroy(walker->session, walker->own);
    pst_session_free(walker->session, walker->staging);
}

/* The largest of what passes through buffers: inputs of windows, own parts of maps, and all that the host stages. */
typedef struct sizes {
    size_t input, own, staging; /* bytes */
} sizes;

static void at_least(size_t *most, size_t bytes) { *most = bytes > *most ? bytes : *most; }
static void at_least_bytes(uint64_t *most, uint64_t bytes) { *most = bytes > *most ? bytes : *most; }

static sizes sizes_of(const pst_tile_walk *walk) {
    sizes most = {0};
    for (size_t i = 0; i < walk->partition.count; i++) {
        const pst_segment *s = pst_walk_segment(walk, i);
        const pst_walk kind = pst_walk_windows(walk);
        for (int t = 0; t < pst_segment_tiles(s); t++) {
            const pst_rect window = pst_segment_window(s, t, kind);
            at_least(&most.input, map_bytes(pst_rect_area(window), s->c));
            at_least(&most.staging, map_bytes(pst_rect_area(pst_segment_at_output(walk->layers, s, window)), s->out_c));
        }
        for (int t = 0; t < pst_segment_tiles(s); t++) {
            const pst_rect own = pst_segment_own(s, t);
            at_least(&most.own, map_bytes(pst_rect_area(own), s->c)); /* the gradient of the input */
            at_least(&most.own, map_bytes(pst_rect_area(pst_segment_at_output(walk->layers, s, own)), s->out_c));
            for (size_t l = s->first; l < s->first + s->count; l++)
                if (walk->options.wanted[l])
                    at_least(&most.own, map_bytes(pst_rect_area(pst_segment_at_layer(walk->layers, s, own, l)),
                                                  walk->layers->at[l].c_out));
        }
    }
    at_least(&most.staging, most.input);
    return most;
}

/* Of one device; *kept is added to: the tiles of each segment whose maps it keeps. */
static pst_tile_walk_needs measure_walker(const pst_tile_walk *walk, const pst_tile_walker *walker, sizes most,
                                          int kept[PST_SEGMENTS_MAX]) {
    const bool backward = walk->options.backward;
    size_t largest;
    const uint64_t shared = pst_pass_memory_bytes(&walker->memory, &largest);
    pst_tile_walk_needs needs = {.maps = shared - walker->memory.workspace_bytes,
                                 .workspace = walker->memory.workspace_bytes,
                                 .windows = most.input + (backward ? most.input : 0) + most.own};
    needs.largest = most.input > most.own ? most.input : most.own;
    needs.largest = largest > needs.largest ? largest : needs.largest;
    for (size_t i = 0; i < walk->partition.count; i++) {
        uint64_t weights = 0;
        for (int shape = 0; shape < PST_SHAPES; shape++) /* all take the same ones */
            if (walker->passes[i][shape]) {
                const pst_pass_bytes bytes = pst_pass_measure(walker->passes[i][shape]);
                weights = bytes.weights;
                at_least_bytes(&needs.weight_piece, bytes.weight_piece);
            }
        needs.weights += weights;
        if (walker->kept_count[i])
            needs.maps += (uint64_t)walker->kept_count[i] * pst_pass_memory_bytes(&walker->kept[i][0].memory, &largest);
        if (walker->kept_count[i] && largest > needs.largest)
            needs.largest = largest;
        kept[i] += walker->kept_count[i];
    }
    at_least_bytes(&needs.largest, needs.weight_piece);
    return needs;
}

pst_tile_walk_needs pst_tile_walk_measure(const pst_tile_walk *walk) {
    const pst_partition *p = &walk->partition;
    const sizes most = sizes_of(walk);
    const bool backward = walk->options.backward;
    int kept[PST_SEGMENTS_MAX] = {0};
    pst_tile_walk_needs needs = {.staging = walk->walker_count * most.staging,
                                 .whole_work =
                                     (backward ? 2 : 1) * pst_partition_whole_work(walk->layers, walk->layer_count,
                                                                                   walk->options.h, walk->options.w)};
    for (size_t d = 0; d < walk->walker_count; d++) {
        const pst_tile_walk_needs one = measure_walker(walk, &walk->walkers[d], most, kept);
        at_least_bytes(&needs.weights, one.weights);
        at_least_bytes(&needs.maps, one.maps);
        at_least_bytes(&needs.workspace, one.workspace);
        at_least_bytes(&needs.windows, one.windows);
        at_least_bytes(&needs.weight_piece, one.weight_piece);
        at_least_bytes(&needs.largest, one.largest);
    }
    for (size_t i = 0; i < p->count; i++) {
        const pst_segment *s = &p->segments[i];
        const pst_tile_range own = pst_tile_walk_own_range(walk, i);
        needs.work += pst_tile_walk_walks(walk, kept[i], own.end - own.first) *
                      pst_segment_work_of(walk->layers, s, pst_walk_windows(walk), own.first, own.end);
    }
    needs.levels = pst_tile_walk_level_bytes(walk);
    needs.staging += pst_tile_walk_exchange_bytes(walk);
    return needs;
}

pst_status pst_tile_walker_allocate(pst_tile_walk *walk, pst_tile_walker *walker) {
    pst_session *session = walker->session;
    const sizes most = sizes_of(walk);
    pst_status status;
    PST_TRY(pst_pass_memory_create(session, &walker->memory));
    for (size_t i = 0; i < walk->partition.count; i++) {
        for (int shape = 0; shape < PST_SHAPES && !keeps_all(walk, walker, i); shape++)
            if (walker->passes[i][shape])
                PST_TRY(pst_pass_allocate(walker->passes[i][shape], &walker->memory));
        for (int k = 0; k < walker->kept_count[i]; k++) { /* for the tiles that a device alone keeps */
            const int tile = pst_tile_walk_own_range(walk, i).first + k;
            PST_TRY(pst_pass_memory_create(session, &walker->kept[i][k].memory));
            PST_TRY(pst_tile_walker_keep(walk, walker, i, pst_segment_shape(pst_walk_segment(walk, i), tile),
                                         &walker->kept[i][k]));
        }
    }
    PST_TRY(pst_buffer_create(session, most.input, "a window of the image", &walker->x));
    if (walk->options.backward)
        PST_TRY(pst_buffer_create(session, most.input, "gradient of a window", &walker->dx));
    PST_TRY(pst_buffer_create(session, most.own, "a tile", &walker->own));
    PST_TRY(pst_allocate(session->error, most.staging, 1, &walker->staging));
cleanup:
    return status;
}
