/* The optimizers' vectors outside the device: a pst_vector is a pst_store of an image [h][w][3], or of the rows of it
 * that this rank has (spread/shared_rows.h), and arithmetic is done by the host in passes over bands of rows, so that
 * vectors may lie in a file. Sums are taken for each band of PST_BAND_ROWS rows in double and in a fixed order, and the
 * bands' sums are added in order: the bytes do not depend on where vectors lie, nor on how many ranks share them. All
 * ranks do the same operations in the same order. */
#ifndef PST_SPREAD_HOST_VECTORS_H
#define PST_SPREAD_HOST_VECTORS_H

#include "optim/optimizer_types.h"
#include "spread/host_spread.h"
#include "spread/shared_rows.h"
#include "spread/store.h"

typedef struct pst_host_vectors {
    pst_vector_space vectors; /* what the optimizers see; its self is this struct. All operations are done at once */
    pst_stores *stores;
    bool in_file;            /* vectors that are created from now on; open sets false, here and below */
    bool kept_in_file, half; /* ... those that an optimizer keeps. Halves for L-BFGS only, whose pairs they are */
    int h, w;                /* of the image */
    int first, rows;         /* of it, which this rank has */
    double pixel_scale;      /* as in op/pixels.h; open sets 1 */
    /* The rest is its own. */
    int piece_rows; /* that are in work at once; they divide a band */
    float *pieces;  /* of rows, for vectors that are not floats in memory */
    float *row;     /* one row */
    float *edges;   /* two rows: the one before the own rows and the one behind them */
    float *coarse;  /* the scales of `spread` that are coarser than the image */
    pst_host_scale_map scales[PST_SPREAD_LEVELS + 1];
    size_t most_dots;
    double *dots, *band_dots, norm; /* results of the last queue_dots; the sums of all bands */
} pst_host_vectors;

/* For the stores' ranks; queue_dots takes at most most_dots left-hand sides. */
pst_status pst_host_vectors_open(pst_stores *stores, int h, int w, size_t most_dots, pst_host_vectors *space);
void pst_host_vectors_close(pst_host_vectors *space);

/* Host memory that open and the operations take: scratch, and the coarse scales of `spread`, a third of an image, which
 * every rank has whole. And bytes of a vector. */
uint64_t pst_host_vectors_bytes(const pst_ranks *ranks, int h, int w, size_t most_dots);
uint64_t pst_host_vector_bytes(const pst_ranks *ranks, bool half, int h, int w);

/* Rows of the image, [count][w][3]: all ranks ask for the same ones and get them, or give all of them. */
pst_status pst_host_vectors_read(const pst_host_vectors *space, const pst_vector *v, int first, int count, float *rows);
pst_status pst_host_vectors_write(const pst_host_vectors *space, pst_vector *v, int first, int count,
                                  const float *rows);

/* A vector is a store. */
pst_store *pst_host_vector_store(const pst_vector *vector);
pst_vector *pst_host_vector_of(pst_store *store);

/* As in op/pixels.h, with the space's pixel_scale: x, where RGB was written, becomes network units; rgb = x the other
 * way; each pixel's three changes become their mean. */
pst_status pst_host_vectors_import(pst_host_vectors *space, pst_vector *x);
pst_status pst_host_vectors_export(pst_host_vectors *space, const pst_vector *x, pst_vector *rgb);
pst_status pst_host_vectors_gray(pst_host_vectors *space, pst_vector *d);

#endif
