#include "op/conv.h"

#include <string.h>

#include "base/memory.h"
#include "op/blocks.h"

#define VECTOR_FORMS(array) &(array)[0], &(array)[1], &(array)[2], &(array)[3]

const pst_conv_algorithm *const pst_conv_menu[] = {&pst_conv_im2col,
                                                   &pst_conv_direct,
                                                   &pst_conv_winograd_fused,
                                                   &pst_conv_winograd_deep,
                                                   &pst_conv_winograd_small,
                                                   &pst_conv_winograd_large,
                                                   &pst_conv_winograd_large_deep,
                                                   &pst_conv_winograd_fused_matrix,
                                                   &pst_conv_winograd_deep_matrix,
                                                   VECTOR_FORMS(pst_conv_gpu_winograd_4x4),
                                                   &pst_conv_gpu_winograd_4x4[4],
                                                   VECTOR_FORMS(pst_conv_gpu_winograd_2x2),
                                                   &pst_conv_gpu_winograd_2x2[4],
                                                   VECTOR_FORMS(pst_conv_gpu_direct),
                                                   &pst_conv_gpu_image,
                                                   NULL};

uint64_t pst_conv_bit(const pst_conv_algorithm *algorithm) {
    for (unsigned i = 1; pst_conv_menu[i]; i++)
        if (pst_conv_menu[i] == algorithm)
            return (uint64_t)1 << i;
    return 0;
}

/* Scratch memory is asked for only where its limit does not see to it: where a buffer may be no larger than that. */
static bool fits_buffers(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                         const pst_conv_shape *shape) {
    const uint64_t piece = engine->session->device.info.max_allocation_bytes;
    size_t bytes;
    if (pst_conv_weight_piece(engine, algorithm, shape) > piece)
        return false;
    if (engine->workspace_limit < piece)
        return true;
    const pst_error before = *engine->session->error;
    const bool fits = algorithm->workspace_bytes(engine, shape, &bytes) == PST_OK && bytes <= piece;
    *engine->session->error = before;
    return fits;
}

bool pst_conv_usable(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm, const pst_conv_shape *shape) {
    return !(engine->session->refused & pst_conv_bit(algorithm)) && algorithm->supports(engine, shape) &&
           fits_buffers(engine, algorithm, shape);
}

/* The first that can be used, or else im2col. */
static const pst_conv_algorithm *first_of(const pst_conv_engine *engine, const pst_conv_shape *shape,
                                          const pst_conv_algorithm *a, const pst_conv_algorithm *b) {
    return pst_conv_usable(engine, a, shape) ? a : pst_conv_usable(engine, b, shape) ? b : &pst_conv_im2col;
}

/* What the deep form takes with tiles of m x m outputs, as what counts in it: products of the points, and making and
 * reading the transformed filters, which takes as long as the products of 24 tiles. */
static size_t deep_cost(const pst_conv_shape *shape, int m) {
    const size_t tiles = (size_t)((shape->h + m - 1) / m) * (size_t)((shape->w + m - 1) / m);
    return (size_t)((m + 2) * (m + 2)) * (tiles + 24);
}

/* Filters of the larger tile that stay in the last cache beside the maps, for each block of tiles reads them. */
static bool filters_stay(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    return 2 * pst_conv_winograd_large.kept_bytes(engine, shape) <= engine->session->device.cache_bytes;
}

/* Measured on CPUs: up to 256 channels the transforms of a block stay in the second-level cache and the filters in the
 * last. Up to 128 the larger tile gains a tenth; beyond, reading its larger filters eats that up. Where products take
 * half the time, filters from the last cache come too late for them already with half as many channels. With 16
 * registers of 8 lanes a tile reads its filters three times as often as with 32 of 16: from 128 channels on both ways
 * the deep form takes a tenth less, and another tenth with the larger tile where maps are large enough. Where the last
 * cache holds the larger tile's filters twice, as 32 MiB do with 128 and 256 channels, the fused form of that tile
 * makes an evaluation 3 % faster. */
static const pst_conv_algorithm *wanted_on_cpu(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    const pst_device *device = &engine->session->device;
    const bool narrow = device->vector_width < 16, many = shape->c_in >= 128 && shape->c_out >= 128;
    const int c = shape->c_in > shape->c_out ? shape->c_in : shape->c_out,
              large = narrow || device->quirks.two_wide_units ? 64 : 128;
    if (c <= large || (narrow && shape->c_in + shape->c_out <= 384 && filters_stay(engine, shape)))
        return &pst_conv_winograd_large;
    if (narrow && many && deep_cost(shape, 6) < deep_cost(shape, 4) &&
        pst_conv_usable(engine, &pst_conv_winograd_large_deep, shape))
        return &pst_conv_winograd_large_deep;
    return c <= 2 * large && !(narrow && many) ? &pst_conv_winograd_fused : &pst_conv_winograd_deep;
}

/* On GPUs what does the fewest operations, until something is measured; with fewer points, or none, where transformed
 * filters are too large for a buffer. */
static const pst_conv_algorithm *default_on_gpu(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    const size_t form = pst_block_form_default(engine->session);
    const pst_conv_algorithm *usual = &pst_conv_gpu_winograd_4x4[form];
    if (pst_conv_usable(engine, usual, shape))
        return usual;
    if (usual->supports(engine, shape) && !fits_buffers(engine, usual, shape))
        return first_of(engine, shape, &pst_conv_gpu_winograd_2x2[form], &pst_conv_gpu_direct[form]);
    return first_of(engine, shape, &pst_conv_gpu_winograd_4x4[PST_VECTOR_FORMS - 1], &pst_conv_gpu_image);
}

const pst_conv_algorithm *pst_conv_default(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    if (!engine->session->cpu_kernels)
        return default_on_gpu(engine, shape);
    int c = shape->c_in > shape->c_out ? shape->c_in : shape->c_out;
    const pst_conv_algorithm *units = c <= 128 ? &pst_conv_winograd_fused_matrix : &pst_conv_winograd_deep_matrix;
    if (pst_conv_usable(engine, units, shape))
        return units;
    return first_of(engine, shape, wanted_on_cpu(engine, shape), &pst_conv_direct);
}

bool pst_conv_is_kept(const pst_conv_algorithm *algorithm, const pst_conv_shape *shape) {
    return shape->kept && algorithm->keep;
}

size_t pst_conv_weight_bytes(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                             const pst_conv_shape *shape) {
    return pst_conv_is_kept(algorithm, shape) ? algorithm->kept_bytes(engine, shape)
                                              : algorithm->weight_bytes(engine, shape);
}

size_t pst_conv_weight_piece(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                             const pst_conv_shape *shape) {
    const size_t made = pst_conv_weight_bytes(engine, algorithm, shape), from = algorithm->weight_bytes(engine, shape);
    return made > from ? made : from;
}

bool pst_conv_shares(const pst_conv_algorithm *a, const pst_conv_algorithm *b, const pst_conv_shape *shape) {
    return a->shared && b->shared && a->prepare == b->prepare && !pst_conv_is_kept(a, shape) &&
           !pst_conv_is_kept(b, shape);
}

size_t pst_conv_block_form(const pst_conv_algorithm *algorithm) {
    const pst_conv_algorithm *const families[] = {pst_conv_gpu_winograd_4x4, pst_conv_gpu_winograd_2x2,
                                                  pst_conv_gpu_direct};
    for (size_t form = 0; form < PST_BLOCK_FORMS; form++)
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            if ((form < PST_VECTOR_FORMS || families[i] != pst_conv_gpu_direct) && algorithm == &families[i][form])
                return form;
    return PST_BLOCK_FORMS;
}

int pst_channels(int c) { return c == PST_IMAGE_CHANNELS ? c : (int)pst_round_up((size_t)c, PST_CHANNELS); }

void pst_conv_weight_matrix(const pst_conv_shape *shape, const float *weights, int k, int c, float *matrix) {
    int c_in = shape->c_in, c_out = shape->c_out;
    memset(matrix, 0, sizeof(float) * 9 * (size_t)c_in * (size_t)c_out);
    for (int to = 0; to < k; to++)
        for (int from = 0; from < c; from++)
            for (int tap = 0; tap < 9; tap++) {
                float value = weights[((size_t)to * (size_t)c + (size_t)from) * 9 + (size_t)tap];
                int row = shape->backward ? (8 - tap) * c_in + to : tap * c_in + from;
                matrix[(size_t)row * (size_t)c_out + (size_t)(shape->backward ? from : to)] = value;
            }
}

size_t pst_conv_forward_weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    (void)engine;
    return sizeof(float) * 9 * (size_t)shape->c_in * (size_t)shape->c_out;
}

pst_status pst_conv_forward_weights(const pst_conv_engine *engine, const pst_conv_shape *shape, const float *weights,
                                    int k, int c, pst_buffer *prepared) {
    const pst_conv_shape forward = {.c_in = shape->backward ? shape->c_out : shape->c_in,
                                    .c_out = shape->backward ? shape->c_in : shape->c_out};
    float *matrix;
    size_t bytes = pst_conv_forward_weight_bytes(engine, shape);
    pst_status status = pst_allocate(engine->session->error, bytes, 1, &matrix);
    if (status != PST_OK)
        return status;
    pst_conv_weight_matrix(&forward, weights, k, c, matrix);
    status = pst_buffer_write(engine->session, prepared, 0, matrix, bytes);
    pst_free(matrix);
    return status;
}
