#include "transfer/style_term.h"

#include "op/gram.h"

static size_t matrix_bytes(int c) { return sizeof(float) * (size_t)c * (size_t)c; }

/* The factor before F'F, for a map of this many pixels. */
static double gram_scale(const pst_style_term *term, size_t pixels) {
    return term->form == PST_LOSS_GATYS ? 1.0 / (double)pixels : 1.0 / ((double)term->true_c * (double)pixels);
}

double pst_style_term_loss_factor(pst_loss_form form, int true_c) {
    double c = true_c;
    return form == PST_LOSS_GATYS ? 1 / (4 * c * c) : 1 / (c * c);
}

/* The gradient of the loss with respect to F is so much times F (G - T). */
static double gradient_factor(const pst_style_term *term, size_t pixels) {
    double c = term->true_c, n = (double)pixels;
    return term->form == PST_LOSS_GATYS ? 1 / (c * c * n) : 4 / (c * c * c * n);
}

size_t pst_style_term_bytes(pst_loss_form form, int c, size_t *largest) {
    (void)form;
    *largest = matrix_bytes(c);
    return 2 * matrix_bytes(c);
}

pst_status pst_style_term_workspace_bytes(pst_session *session, pst_gemm *gemm, pst_loss_form form, size_t pixels, int c, size_t *bytes) {
    (void)gemm, (void)form;
    *bytes = pst_gram_workspace_bytes(session, pixels, c);
    return PST_OK;
}

pst_status pst_style_term_open(pst_session *session, pst_gemm *gemm, pst_loss_form form, int c, int true_c, const char *what,
                               pst_style_term *term) {
    pst_status status;
    *term = (pst_style_term){.session = session, .gemm = gemm, .form = form, .c = c, .true_c = true_c};
    PST_TRY(pst_buffer_create(session, matrix_bytes(c), what, &term->target));
    PST_TRY(pst_buffer_create(session, matrix_bytes(c), what, &term->difference));
    return PST_OK;
cleanup:
    pst_style_term_close(term);
    return status;
}

void pst_style_term_close(pst_style_term *term) {
    if (term->session) {
        pst_buffer_destroy(term->session, term->target);
        pst_buffer_destroy(term->session, term->difference);
    }
    *term = (pst_style_term){0};
}

pst_status pst_style_term_add(pst_style_term *term, const pst_buffer *features, size_t pixels, double blend, pst_buffer *workspace) {
    return pst_gram_add(term->session, features, pixels, term->c, blend * gram_scale(term, pixels), term->target, workspace);
}

pst_status pst_style_term_end(pst_style_term *term, pst_buffer *workspace) {
    (void)term, (void)workspace;
    return PST_OK;
}

pst_status pst_style_term_compare(pst_style_term *term, const pst_buffer *features, size_t pixels, pst_sums *sums, size_t slot,
                                  pst_buffer *workspace) {
    return pst_gram_compare(term->session, features, pixels, term->c, gram_scale(term, pixels), term->target, term->difference, sums,
                            slot, workspace);
}

pst_status pst_style_term_gradient(pst_style_term *term, const pst_buffer *features, size_t pixels, double scale, bool accumulate,
                                   pst_buffer *d, pst_buffer *workspace) {
    return pst_gram_backward(term->session, features, term->difference, pixels, term->c, scale * gradient_factor(term, pixels),
                             accumulate, d, workspace);
}
