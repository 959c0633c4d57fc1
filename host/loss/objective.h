/* The objective: content, style and smoothness losses over the features of an image, and their gradient with respect
 * to it. The meaning of every weight stands at pst_loss_form in the public header; F are features after their ReLU, C
 * their channels, N their pixels, P the content's features, T the blended Gram matrices of the styles. */
#ifndef PST_LOSS_OBJECTIVE_H
#define PST_LOSS_OBJECTIVE_H

#include "loss/guides.h"
#include "loss/style_term.h"
#include "net/pass.h"
#include "op/loss.h"

#define PST_TERMS_MAX (2 * PST_LAYERS_MAX + 2)

typedef struct pst_term {
    enum { PST_TERM_CONTENT, PST_TERM_STYLE, PST_TERM_TV, PST_TERM_RANGE } kind;
    char name[32]; /* "content.relu4_2", "style.relu1_1", "tv", "range" */
    size_t layer;  /* of the terms of features */
    double weight; /* content_weight, style_weight, tv_weight or range_weight, times the layer's own factor */
    double factor; /* what it is multiplied by */
} pst_term;

/* Everything that defines the function; the images come later. */
typedef struct pst_objective_options {
    int h, w;
    pst_loss_form form;
    pst_pool pooling;
    pst_tv_kind tv_kind;
    bool replicate; /* as in net/pass.h */
    bool normalize_gradients;
    double pixel_scale;            /* of the range, as in op/pixels.h */
    pst_term terms[PST_TERMS_MAX]; /* those of features come first */
    size_t term_count;
    size_t region_count; /* of styles; 0: images are taken whole, and there are no guides */
    bool keeps_content;  /* parts of the image are the content, whatever x is there */
} pst_objective_options;

/* Adds the terms of a list such as "relu1_1,relu2_1=0.5", each with weight * its factor (1 if none is given).
 * PST_ERROR_ARGUMENT for layers that the network has not, twice the same, or factors that are no numbers >= 0. */
pst_status pst_objective_add_terms(pst_error *error, const pst_layers *layers, bool style, const char *list,
                                   double weight, pst_objective_options *options);
/* Divides the weights of the terms so far by the largest side of what they weigh, as neural-style-pt's
 * -normalize_weights: of a content map its channels, height and width in an image of options->h by w, of a Gram matrix
 * its channels. */
void pst_objective_normalize_weights(const pst_layers *layers, pst_objective_options *options);
void pst_objective_add_tv(double weight, pst_objective_options *options);
/* weight * the mean square of what samples are outside 0..255; no term for a weight of 0. */
void pst_objective_add_range(double weight, double pixel_scale, pst_objective_options *options);

/* The terms of features come first; those of the image itself have no layer. */
static inline bool pst_term_is_of_features(const pst_term *term) {
    return term->kind == PST_TERM_CONTENT || term->kind == PST_TERM_STYLE;
}
static inline size_t pst_feature_terms(const pst_objective_options *options) {
    size_t count = 0;
    while (count < options->term_count && pst_term_is_of_features(&options->terms[count]))
        count++;
    return count;
}

/* Loss of a term = this factor * (what is summed up of it), for a map of so many pixels and true channels; and gradient
 * of a content loss = factor * (F - P), before the weight. */
double pst_term_loss_factor(const pst_objective_options *options, size_t term, int true_c, size_t pixels);
double pst_content_factor(pst_loss_form form, int true_c, size_t pixels);
/* Queues a term of the image itself, of x [h][w][3] or part of it as in op/loss.h: sums[slot], and d += its gradient.
 */
pst_status pst_image_term(pst_session *session, const pst_objective_options *options, size_t term, const pst_buffer *x,
                          int h, int w, const pst_smooth_part *part, pst_buffer *d, pst_sums *sums, size_t slot);
/* Bytes of scratch memory that pst_style_terms_finish takes for all style terms. */
size_t pst_style_finish_bytes(const pst_conv_engine *engine, const pst_layers *layers,
                              const pst_objective_options *options);
/* The layers whose gradient may be written over their features, because only one term wants these. */
void pst_terms_in_place(const pst_session *session, const pst_objective_options *options,
                        bool in_place[PST_LAYERS_MAX]);

typedef struct pst_objective pst_objective;

/* Plans; allocates nothing on the device. */
pst_status pst_objective_create(pst_device_network *net, const pst_objective_options *options,
                                pst_objective **objective);
void pst_objective_destroy(pst_objective *objective);

/* What it will take: the targets (with what the losses need), and the pass over the image. */
size_t pst_objective_target_bytes(const pst_objective *objective, size_t *largest);
pst_pass_bytes pst_objective_pass_bytes(const pst_objective *objective);

/* What making the targets takes besides target_bytes and the weights while it lasts, for a style of this size, and the
 * content. */
pst_status pst_objective_style_bytes(pst_objective *objective, int h, int w, size_t *bytes, size_t *largest);
pst_status pst_objective_content_bytes(pst_objective *objective, size_t *bytes, size_t *largest);

/* Makes the targets; x: [h][w][3] in network units. First begin, then the content (of the objective's size) and each
 * style (of any size, the blends summing to 1), then end, which allocates the pass. */
pst_status pst_objective_begin(pst_objective *objective);
pst_status pst_objective_set_content(pst_objective *objective, const pst_buffer *x);
pst_status pst_objective_add_style(pst_objective *objective, const pst_buffer *x, int h, int w, double blend);
/* A style of which the statistics are known, for every style layer; guides: NULL without regions, else of it, with
 * their blends. */
pst_status pst_objective_add_statistics(pst_objective *objective,
                                        const pst_feature_statistics statistics[PST_LAYERS_MAX], double blend,
                                        const pst_guides *guides);
/* With regions: the guides of the image, after begin, and styles with their guides and blends. */
pst_status pst_objective_set_guides(pst_objective *objective, const pst_guides *guides);
pst_status pst_objective_add_guided_style(pst_objective *objective, const pst_buffer *x, int h, int w,
                                          const pst_guides *guides);
/* Where content is kept: free [h][w] is 0 for pixels that are the content (x: in network units) and 1 for those that
 * are painted; the objective is then a function of x * free + content * (1 - free). After begin, before the first
 * evaluation. */
pst_status pst_objective_keep_content(pst_objective *objective, const pst_buffer *content, const float *free);
/* The layers that want guides. */
void pst_objective_style_layers(const pst_objective_options *options, bool wanted[PST_LAYERS_MAX]);
pst_status pst_objective_end(pst_objective *objective);

/* Queues one evaluation at x; g = gradient, both [h][w][3]. The losses can be had after the next wait. */
pst_status pst_objective_evaluate(pst_objective *objective, const pst_buffer *x, pst_buffer *g);

/* The weighted value of each term; returns their sum. losses may be NULL. */
double pst_objective_losses(const pst_objective *objective, double *losses);

/* Replaces the weight of a term from the next evaluation on. */
void pst_objective_set_weight(pst_objective *objective, size_t term, double weight);

/* For tests: looks at what was made. */
const pst_buffer *pst_objective_target(const pst_objective *objective, size_t term); /* [c][c], or features */
const pst_buffer *pst_objective_difference(const pst_objective *objective,
                                           size_t term); /* G - T [c][c] of the last one */
pst_pass *pst_objective_pass(const pst_objective *objective);

#endif
