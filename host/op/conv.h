/* 3x3 convolutions with zero padding 1 and stride 1 over [h][w][c] maps, as a menu: several algorithms behind one face,
 * forward and backward to the input. The backward one is the same convolution with the channels swapped and the filters
 * turned by 180 degrees, so an algorithm computes one product and differs in how it ends:
 *
 *   forward    out = max(conv(in) + bias, 0), or its 2x2 pooling; bits: where the gradient will pass
 *   backward   out = (conv'(in) [+ out]) where the bits of the layer below are set; `in` may be a gradient behind a 2x2
 *              pooling that is expanded through its bits on the way, so that the large map never exists
 *
 * Maps: float [h][w][c], c a multiple of 16 (PST_CHANNELS), or 3 for the image. Bits: one a channel, uint16
 * [h][w][c/16], lowest channel lowest, always at the size before a pooling: without pooling the sign of an activation,
 * with it the places of each window through which the gradient goes (max: the first maximum if it is above 0; average:
 * all that are above 0).
 */
#ifndef PST_OP_CONV_H
#define PST_OP_CONV_H

#include "blas/gemm.h"
#include "cl/buffer.h"

#define PST_CHANNELS 16 /* feature maps are padded with zero channels to a multiple of this */
#define PST_IMAGE_CHANNELS 3

/* L2 is never part of a convolution: its gradient needs the map, so it is a pass of its own (op/activation.h). */
typedef enum pst_pool { PST_POOL_NONE, PST_POOL_MAX, PST_POOL_AVERAGE, PST_POOL_L2 } pst_pool;

typedef struct pst_conv_shape {
    int h, w;        /* of the maps before pooling */
    int c_in, c_out; /* of this product: swapped in the backward direction */
    bool backward;
    pst_pool pool; /* forward: of the output; backward: of the input */
    bool kept;     /* what an algorithm `keeps` of the weights is prepared, not made in each run */
} pst_conv_shape;

/* The convolution after one, of its `out`: an algorithm may begin it (`begun`, which is not 0 then) by leaving
 * something in the workspace, which must stay as it is until that runs. */
typedef struct pst_conv_next {
    const struct pst_conv_algorithm *algorithm;
    pst_conv_shape shape;
    const pst_buffer *in_bits;
    int begun;
} pst_conv_next;

typedef struct pst_conv_tensors {
    const pst_buffer *in;      /* [h][w][c_in]; backward with pool [h/2][w/2][c_in] */
    const pst_buffer *in_bits; /* backward with pool; without one the mask of `in`, or NULL, if the algorithm `masks` */
    const pst_buffer *weights; /* from pst_conv_prepare */
    const pst_buffer *bias;    /* forward: [c_out] */
    pst_buffer *out;           /* [h][w][c_out]; forward with pool [h/2][w/2][c_out] */
    pst_buffer *bits;          /* forward: written, unless NULL */
    const pst_buffer *mask;    /* backward: the bits of out's layer, or NULL; NULL for the image */
    bool add;                  /* backward: add what out holds, before the mask; not for the image */
    pst_buffer *workspace;
    pst_conv_next *next; /* NULL: none, or somebody needs the workspace before it */
    int begun;           /* what the one before has set for this one, or 0 */
} pst_conv_tensors;

/* What an algorithm works with: the session, GEMMs, and how much scratch memory it should stay under; what was measured
 * about which algorithm to take (op/choices.h; NULL: nothing); and about how much memory what is `kept` of a network
 * may take. */
typedef struct pst_conv_engine {
    pst_session *session;
    pst_gemm *gemm;
    size_t workspace_limit;
    const struct pst_conv_choices *choices;
    size_t keep_limit;
} pst_conv_engine;

typedef struct pst_conv_algorithm {
    const char *name;
    bool (*supports)(const pst_conv_engine *engine, const pst_conv_shape *shape);
    /* Bytes of the prepared weights, and of the scratch memory of a run. The latter stays under the engine's limit
     * unless a single row of the image needs more. */
    size_t (*weight_bytes)(const pst_conv_engine *engine, const pst_conv_shape *shape);
    pst_status (*workspace_bytes)(const pst_conv_engine *engine, const pst_conv_shape *shape, size_t *bytes);
    /* Fills `prepared` (weight_bytes) from the forward layer's weights, host memory [k][c][3][3] with k, c the true
     * channel counts of the forward layer; channels beyond them are zero. */
    pst_status (*prepare)(const pst_conv_engine *engine, const pst_conv_shape *shape, const float *weights, int k,
                          int c, pst_buffer *prepared);
    pst_status (*run)(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *tensors);
    bool shared; /* what `prepare` makes serves both directions, and all algorithms with the same `prepare` */
    int tile;    /* of Winograd's: the side of a tile of results; of others 0 */
    bool masks;  /* backward without pool it can mask `in` on the way */
    /* What a run makes of the prepared weights, NULL for nothing: its bytes, and a function that makes it. Of a shape
     * that is `kept` a run takes this instead of the weights, and less of the workspace. */
    size_t (*kept_bytes)(const pst_conv_engine *engine, const pst_conv_shape *shape);
    pst_status (*keep)(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_buffer *weights,
                       pst_buffer *kept);
} pst_conv_algorithm;

/* The menu, ended by NULL. The first entry supports every shape on every device and is the oracle of the others. */
extern const pst_conv_algorithm *const pst_conv_menu[];

extern const pst_conv_algorithm pst_conv_im2col, pst_conv_direct, pst_conv_winograd_fused, pst_conv_winograd_deep,
    pst_conv_winograd_small, pst_conv_winograd_large, pst_conv_winograd_large_deep, pst_conv_winograd_fused_matrix,
    pst_conv_winograd_deep_matrix, pst_conv_gpu_image;
/* One for each form of blocks (op/blocks.h), the last by matrix units, which direct convolution has not. */
extern const pst_conv_algorithm pst_conv_gpu_winograd_4x4[], pst_conv_gpu_winograd_2x2[], pst_conv_gpu_direct[];

/* The algorithm's bit in the session's `refused` (op/refused.h); 0 for the oracle. */
uint64_t pst_conv_bit(const pst_conv_algorithm *algorithm);

/* Does it support the shape, is it not refused, and may buffers be as large as its weights and scratch memory? */
bool pst_conv_usable(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm, const pst_conv_shape *shape);

/* Is what it `keeps` prepared for this shape, instead of the weights? */
bool pst_conv_is_kept(const pst_conv_algorithm *algorithm, const pst_conv_shape *shape);

/* Bytes of what pst_conv_prepare (op/refused.h) makes for a shape. */
size_t pst_conv_weight_bytes(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                             const pst_conv_shape *shape);

/* The largest buffer that it takes to make them. */
size_t pst_conv_weight_piece(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                             const pst_conv_shape *shape);

/* Does what is prepared for one, in a direction of a layer, serve the other as well, in either direction? */
bool pst_conv_shares(const pst_conv_algorithm *a, const pst_conv_algorithm *b, const pst_conv_shape *shape);

/* Which form of blocks an algorithm has, PST_BLOCK_FORMS for none. */
size_t pst_conv_block_form(const pst_conv_algorithm *algorithm);

/* A good choice without measuring. */
const pst_conv_algorithm *pst_conv_default(const pst_conv_engine *engine, const pst_conv_shape *shape);

/* Channels padded: 3 stays, all else is rounded up to a multiple of PST_CHANNELS. */
int pst_channels(int c);

/* Weights as one matrix for a product over (tap, input channel): matrix[(tap * c_in + i) * c_out + o], padded with
 * zeros; backward ones are turned and swapped. matrix holds 9 * c_in * c_out floats. */
void pst_conv_weight_matrix(const pst_conv_shape *shape, const float *weights, int k, int c, float *matrix);

/* For algorithms whose two directions both read the matrix of the forward one: its bytes, and a `prepare`. */
size_t pst_conv_forward_weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *shape);
pst_status pst_conv_forward_weights(const pst_conv_engine *engine, const pst_conv_shape *shape, const float *weights,
                                    int k, int c, pst_buffer *prepared);

#endif
