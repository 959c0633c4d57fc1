/* The squared 2-Wasserstein distance between the normal distributions that have the means and covariances of two sets
 * of features, and its gradient (Olkin and Pukelsheim, "The distance between two random vectors with given dispersion
 * matrices", 1982; as a style loss in Crowson's style-transfer-pytorch):
 *
 *     |m - m_t|^2 + tr(S_t + S - 2 (A S A)^1/2),  A = S_t^1/2
 *
 * Square roots by Newton and Schulz's coupled iteration, PST_ROOT_STEPS of it with a factor in each: what floats allow
 * before the rounding of the smallest eigenvalues is blown up. It is a little nearer to the root than the twelve plain
 * steps of style-transfer-pytorch. Eigenvalues of A S A below 1e-4 of its norm have not converged by then and count
 * with less than their root; the gradient is that of the sum as it is computed, so that optimizers see a function and
 * its own slope. Matrices are float [c][c], means [c], c a multiple of PST_CHANNELS; all is queued, nothing is waited
 * for. */
#ifndef PST_OP_WASSERSTEIN_H
#define PST_OP_WASSERSTEIN_H

#include "op/gram.h"

#define PST_ROOT_STEPS 7
#define PST_COVARIANCE_EPSILON 1e-4
/* Where pixels are all but equal, as in maps of one pixel and in the first layer of an image of one color, rounding is
 * more than the covariance, and its eigenvalues below 0 would grow without end. So where the variances are together
 * less than a tenth of the squares of the means, each gets up to so much of the mean square of the means instead of
 * epsilon: the first layer of 1024x1024 equal pixels is off by a fifth of that. To the gradient it is a constant. */
#define PST_COVARIANCE_NOISE 5e-3

/* Bytes of scratch memory that the root and the comparison take. */
size_t pst_wasserstein_workspace_bytes(const pst_conv_engine *engine, int c);

/* A second moment F' F / N becomes the covariance m - mean mean' + epsilon on the diagonal of the true channels, more
 * where pixels are all but equal. */
pst_status pst_covariance(pst_session *session, int c, int true_c, const pst_buffer *mean, pst_buffer *moment);

/* root = covariance^1/2, symmetric */
pst_status pst_covariance_root(const pst_conv_engine *engine, int c, const pst_buffer *covariance, pst_buffer *root,
                               pst_buffer *workspace);

typedef struct pst_wasserstein_target {
    const pst_buffer *mean, *covariance, *root;
} pst_wasserstein_target;

/* sums[slot] = the distance. difference holds the covariance S and becomes D = 1 - A (A S A)^-1/2 A, symmetric, the
 * gradient with respect to S; row [c] = m - m_t - D m. With S and m of N pixels the gradient with respect to the
 * features is 2/N (F D + row for every pixel). */
pst_status pst_wasserstein_compare(const pst_conv_engine *engine, int c, const pst_wasserstein_target *target,
                                   const pst_buffer *mean, pst_buffer *difference, pst_buffer *row, pst_sums *sums,
                                   size_t slot, pst_buffer *workspace);

#endif
