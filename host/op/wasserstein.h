/* The squared 2-Wasserstein distance between the normal distributions that have the means and covariances of two sets
 * of features, and its gradient (Olkin and Pukelsheim, "The distance between two random vectors with given dispersion
 * matrices", 1982; as a style loss in Crowson's style-transfer-pytorch):
 *
 *     |m - m_t|^2 + tr(S_t + S - 2 (S_t^1/2 S S_t^1/2)^1/2)
 *
 * With any factor L of S_t = L L', L' S L has the same eigenvalues. L is Cholesky's with the largest pivot first, as
 * many columns of it as hold nearly all of S_t: of 512 channels of VGG-19 or the medium network some 90 directions
 * count, and the roots of 320 cost a quarter of those of 512. Square roots by op/roots.h. Eigenvalues of L' S L below
 * 3e-5 of its norm have not converged by then and count with less than their root; the gradient is that of the sum as
 * it is computed, so that optimizers see a function and its own slope. style-transfer-pytorch's twelve plain steps are
 * farther from the root. Matrices are float [c][c], means [c], c a multiple of PST_CHANNELS; but for the factor, all is
 * queued and nothing is waited for. */
#ifndef PST_OP_WASSERSTEIN_H
#define PST_OP_WASSERSTEIN_H

#include "op/gram.h"
#include "op/roots.h"

#define PST_COVARIANCE_EPSILON 1e-4
/* Where pixels are all but equal, as in maps of one pixel and in the first layer of an image of one color, rounding is
 * more than the covariance, and its eigenvalues below 0 would grow without end. So where the variances are together
 * less than a tenth of the squares of the means, each gets up to so much of the mean square of the means instead of
 * epsilon: the first layer of 1024x1024 equal pixels is off by a fifth of that. To the gradient it is a constant. */
#define PST_COVARIANCE_NOISE 5e-3

/* Columns of the factor at most, and the part of the trace of S_t that may be left out with fewer. */
#define PST_FACTOR_COLUMNS 320
#define PST_FACTOR_REST 5e-3
int pst_factor_columns(int c); /* at most, with c channels */

#define PST_DISTANCES PST_ROOTS /* at once */

/* Bytes of scratch memory that comparisons of so many channels take at once. */
size_t pst_wasserstein_workspace_bytes(const pst_conv_engine *engine, const int *c, size_t count);

/* A second moment F' F / N becomes the covariance m - mean mean' + epsilon on the diagonal of the true channels, more
 * where pixels are all but equal; of up to PST_DISTANCES at once. */
typedef struct pst_second_moment {
    int c, true_c;
    const pst_buffer *mean;
    pst_buffer *moment;
} pst_second_moment;
pst_status pst_covariances(pst_session *session, const pst_second_moment *moments, size_t count);

typedef struct pst_wasserstein_target {
    const pst_buffer *mean, *factor, *transposed; /* L and L' [c][c]; columns and rows from rank on are 0 */
    int rank;                                     /* a multiple of PST_CHANNELS */
    double trace;                                 /* of the covariance */
} pst_wasserstein_target;

/* The covariance becomes its factor; sets all but the mean. Waits for the device. */
pst_status pst_covariance_factor(pst_session *session, int c, pst_buffer *covariance, pst_buffer *transposed,
                                 pst_wasserstein_target *target);

/* What is compared: features of c channels by their mean and, in `difference`, their covariance S. */
typedef struct pst_distance {
    int c;
    const pst_wasserstein_target *target;
    const pst_buffer *mean;
    pst_buffer *difference, *row;
    size_t slot;
} pst_distance;

/* For each of up to PST_DISTANCES: sums[slot] = the distance. The difference becomes D = 1 - L (L' S L)^-1/2 L',
 * symmetric, the gradient with respect to S; row [c] = m - m_t - D m. With S and m of N pixels the gradient with
 * respect to the features is 2/N (F D + row for every pixel). */
pst_status pst_wasserstein_compare(const pst_conv_engine *engine, const pst_distance *distances, size_t count,
                                   pst_sums *sums, pst_buffer *workspace);

#endif
