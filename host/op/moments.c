#include "op/moments.h"

#include "cl/program.h"

#define PARTS_MAX 512 /* of the pixels: with 64 channels there is little else to share out */
#define PIXELS_PER_PART 64

static size_t part_count(size_t pixels) {
    size_t parts = pixels / PIXELS_PER_PART + 1;
    return parts < PARTS_MAX ? parts : PARTS_MAX;
}

static size_t mean_bytes(const pst_moments *map) {
    return map->mean ? sizeof(float) * part_count(map->pixels) * (size_t)map->c : 0;
}

/* The parts of all means, before those of the Gram matrices. */
static size_t means_bytes(const pst_moments *maps, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += mean_bytes(&maps[i]);
    return pst_round_up(bytes, PST_SLICE_ALIGN);
}

size_t pst_moments_workspace_bytes(const pst_conv_engine *engine, size_t pixels, int c) {
    const size_t means = sizeof(float) * part_count(pixels) * (size_t)c;
    return pst_round_up(means, PST_SLICE_ALIGN) + pst_gram_workspace_bytes(engine, pixels, c);
}

static size_t gram_maps(const pst_moments *maps, size_t count, pst_gram_map grams[PST_GRAM_MAPS]) {
    for (size_t i = 0; i < count && i < PST_GRAM_MAPS; i++)
        grams[i] = (pst_gram_map){.features = maps[i].features, .pixels = maps[i].pixels, .c = maps[i].c};
    return count;
}

bool pst_moments_together(const pst_conv_engine *engine, const pst_moments *maps, size_t count,
                          size_t workspace_bytes) {
    pst_gram_map grams[PST_GRAM_MAPS];
    const size_t means = means_bytes(maps, count);
    return workspace_bytes > means &&
           pst_gram_together(engine, grams, gram_maps(maps, count, grams), workspace_bytes - means);
}

/* Kernels have arguments for PST_GRAM_MAPS maps: those of the first one where there are fewer. */

static pst_status sum_channels(pst_session *session, const pst_moments *maps, size_t count, pst_buffer *partials) {
    const pst_kernel *kernel;
    pst_arg args[5 * PST_GRAM_MAPS + 1], *next = args;
    size_t most = 0;
    pst_status status = pst_kernel_get(session, "statistics", "channel_sums", "", &kernel);
    if (status != PST_OK)
        return status;
    for (size_t i = 0; i < PST_GRAM_MAPS; i++) {
        const pst_moments *map = &maps[i < count ? i : 0];
        const size_t parts = part_count(map->pixels), elements = parts * (size_t)map->c / pst_wide(session);
        *next++ = pst_arg_buffer(map->features);
        *next++ = pst_arg_buffer(map->guide);
        *next++ = pst_arg_int((int)map->pixels);
        *next++ = pst_arg_int(map->c);
        *next++ = pst_arg_int((int)parts);
        most = elements > most ? elements : most;
    }
    *next++ = pst_arg_buffer(partials);
    return pst_launch_each_rows(session, kernel, most, count, (size_t)(next - args), args);
}

static pst_status add_up(const pst_conv_engine *engine, const pst_moments *maps, size_t count,
                         const pst_gram_parts *grams, const pst_buffer *means, bool add) {
    const pst_kernel *kernel;
    pst_arg args[6 * PST_GRAM_MAPS + 4] = {pst_arg_buffer(grams->matrices), pst_arg_int((int)grams->step),
                                           pst_arg_buffer(means), pst_arg_int(add)},
                                     *next = args + 4;
    size_t most = 0;
    pst_status status = pst_gram_kernel(engine, maps->c, "moments", &kernel);
    if (status != PST_OK)
        return status;
    for (size_t i = 0; i < PST_GRAM_MAPS; i++) {
        const size_t m = i < count ? i : 0, elements = (size_t)maps[m].c * (size_t)maps[m].c;
        *next++ = pst_arg_int(maps[m].c);
        *next++ = pst_arg_int((int)grams->counts[m]);
        *next++ = pst_arg_float(maps[m].scale);
        *next++ = pst_arg_buffer(maps[m].moment);
        *next++ = pst_arg_int(maps[m].mean ? (int)part_count(maps[m].pixels) : 0);
        *next++ = pst_arg_buffer(maps[m].mean);
        most = elements > most ? elements : most;
    }
    return pst_launch_each_rows(engine->session, kernel, most, count, (size_t)(next - args), args);
}

pst_status pst_moments_take(const pst_conv_engine *engine, const pst_moments *maps, size_t count, bool add,
                            pst_buffer *workspace) {
    pst_session *session = engine->session;
    const size_t bytes = means_bytes(maps, count);
    pst_gram_map grams[PST_GRAM_MAPS];
    pst_gram_parts parts = {0};
    pst_buffer *means = NULL, *rest = NULL;
    pst_status status;
    if (bytes)
        PST_TRY(pst_buffer_slice(session, workspace, 0, bytes, &means));
    PST_TRY(pst_buffer_slice(session, workspace, bytes, workspace->bytes - bytes, &rest));
    PST_TRY(pst_gram_sum(engine, grams, gram_maps(maps, count, grams), rest, &parts));
    if (means)
        PST_TRY(sum_channels(session, maps, count, means));
    PST_TRY(add_up(engine, maps, count, &parts, means, add));
cleanup:
    pst_gram_parts_close(session, &parts);
    pst_buffer_destroy(session, rest);
    pst_buffer_destroy(session, means);
    return status;
}
