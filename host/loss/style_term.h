/* What a style term of the objective compares: statistics of a layer's features with those of the styles. The objective
 * walks the network and knows the weights; here is what the statistics are, their loss and its gradient. */
#ifndef PST_LOSS_STYLE_TERM_H
#define PST_LOSS_STYLE_TERM_H

#include "op/gram.h"
#include "op/sums.h"
#include "op/wasserstein.h"

/* A plain struct; set by pst_style_term_open. With PST_LOSS_WASSERSTEIN the target is the covariance of the blended
 * first and second moments, then its factor, and the buffers of op/wasserstein.h are there; else they are NULL. */
typedef struct pst_style_term {
    pst_session *session;
    const pst_conv_engine *engine;
    pst_loss_form form;
    int c, true_c;
    pst_buffer *target;                   /* [c][c]: the styles' blended Gram matrices T */
    pst_buffer *difference;               /* [c][c], symmetric: G - T of the last evaluation */
    pst_buffer *transposed;               /* [c][c] */
    pst_buffer *target_mean, *mean, *row; /* [c] */
    pst_wasserstein_target normal;        /* the styles' blended distribution, once end was called */
    /* NULL, or [pixels] while a call is about a region: then all features given are times the guide, those for the
     * gradient times its square */
    const pst_buffer *guide;
} pst_style_term;

/* Bytes on the device of a term with c channels stored, in all and its largest buffer; and of the scratch memory that
 * the functions below take as `workspace`, for maps of so many pixels. */
size_t pst_style_term_bytes(pst_loss_form form, int c, size_t *largest);
size_t pst_style_term_workspace_bytes(const pst_conv_engine *engine, pst_loss_form form, size_t pixels, int c);

/* The same of pst_style_terms_finish, for any of the terms of so many channels. */
size_t pst_style_terms_finish_bytes(const pst_conv_engine *engine, pst_loss_form form, const int *c, size_t count);

/* Allocates; keeps the engine. `what` names the term in messages. */
pst_status pst_style_term_open(const pst_conv_engine *engine, pst_loss_form form, int c, int true_c, const char *what,
                               pst_style_term *term);
void pst_style_term_close(pst_style_term *term);

/* Adds a style's features [pixels][c] to the target, with its share of the blend; all shares sum to 1. Then, once, end.
 */
pst_status pst_style_term_add(pst_style_term *term, const pst_buffer *features, size_t pixels, double blend,
                              pst_buffer *workspace);

/* What a style comes to in a layer: the means [true_c] and the second moments F' F / N, [true_c][true_c] without what
 * lies below the diagonal, row by row. */
typedef struct pst_feature_statistics {
    const float *mean, *half;
} pst_feature_statistics;

/* The same from the statistics of its features. Before end, which waits for the device where there is a
 * factor to make; not while a comparison is under way. */
pst_status pst_style_term_add_statistics(pst_style_term *term, const pst_feature_statistics *statistics, double blend);
pst_status pst_style_term_end(pst_style_term *term);

/* A term, and the image's features [pixels][c] that it compares; its loss will be pst_style_term_loss_factor * (what
 * goes into sums[slot]). */
typedef struct pst_style_map {
    pst_style_term *term;
    const pst_buffer *features;
    size_t pixels, slot;
} pst_style_map;

/* Compares a term's features, or those of several terms of one form without guides in no more launches: of
 * pst_style_terms_together, which leaves out the largest maps until the rest may come together in a workspace of so
 * many bytes, whatever the features, and returns how many those are. After it and pst_style_terms_finish
 * pst_style_term_gradient gives d (+)= scale * the gradient of the loss with respect to the features, which may be a
 * part of the map of map_pixels that was compared. accumulate false: d is overwritten. d may be the features themselves
 * where pst_gram_in_place says so. The end is for some terms of one form together: Wasserstein's distances of several
 * layers take hardly longer than one. */
size_t pst_style_terms_together(pst_style_map *maps, size_t count, size_t workspace_bytes);
pst_status pst_style_terms_compare(const pst_style_map *maps, size_t count, pst_sums *sums, pst_buffer *workspace);
pst_status pst_style_terms_finish(pst_style_term *const *terms, const size_t *slots, size_t count, pst_sums *sums,
                                  pst_buffer *workspace);
pst_status pst_style_term_gradient(pst_style_term *term, const pst_buffer *features, size_t pixels, size_t map_pixels,
                                   double scale, bool accumulate, pst_buffer *d, pst_buffer *workspace);

/* For maps that are there in parts only. sum: gram [c][c] = F' F over the `pixels` of a part, and for Wasserstein row
 * [c] = the sum of F. Given such sums over all `pixels` of a map: compare as above, or add as a style's. */
pst_status pst_style_term_sum(pst_style_term *term, const pst_buffer *features, size_t pixels, pst_buffer *gram,
                              pst_buffer *row, pst_buffer *workspace);
pst_status pst_style_term_compare_sum(pst_style_term *term, const pst_buffer *gram, const pst_buffer *row,
                                      size_t pixels, pst_sums *sums, size_t slot);
pst_status pst_style_term_add_sum(pst_style_term *term, const pst_buffer *gram, const pst_buffer *row, size_t pixels,
                                  double blend);
double pst_style_term_loss_factor(pst_loss_form form, int true_c);

#endif
