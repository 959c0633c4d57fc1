#include "loss/style_term.h"

#include <string.h>

#include "base/memory.h"
#include "op/guide.h"
#include "op/moments.h"
#include "op/vector.h"

static size_t matrix_bytes(int c) { return sizeof(float) * (size_t)c * (size_t)c; }
static size_t mean_bytes(int c) { return sizeof(float) * (size_t)c; }

static bool is_wasserstein(pst_loss_form form) { return form == PST_LOSS_WASSERSTEIN; }

/* The factor before F'F, for a map of this many pixels. */
static double gram_scale(const pst_style_term *term, size_t pixels) {
    return 1.0 / ((double)pixels * (term->form == PST_LOSS_MEAN ? (double)term->true_c : 1.0));
}

double pst_style_term_loss_factor(pst_loss_form form, int true_c) {
    double c = true_c;
    return is_wasserstein(form) ? 1 / c : form == PST_LOSS_GATYS ? 1 / (4 * c * c) : 1 / (c * c);
}

/* The gradient of the loss with respect to F is so much times F (G - T), or F D and the row. */
static double gradient_factor(const pst_style_term *term, size_t pixels) {
    double c = term->true_c, n = (double)pixels;
    return is_wasserstein(term->form)     ? 2 / (c * n)
           : term->form == PST_LOSS_GATYS ? 1 / (c * c * n)
                                          : 4 / (c * c * c * n);
}

size_t pst_style_term_bytes(pst_loss_form form, int c, size_t *largest) {
    *largest = matrix_bytes(c);
    return is_wasserstein(form) ? 3 * matrix_bytes(c) + 3 * mean_bytes(c) : 2 * matrix_bytes(c);
}

size_t pst_style_term_workspace_bytes(const pst_conv_engine *engine, pst_loss_form form, size_t pixels, int c) {
    return is_wasserstein(form) ? pst_moments_workspace_bytes(engine, pixels, c)
                                : pst_gram_workspace_bytes(engine, pixels, c);
}

/* Some terms may be left out, and the others then come together otherwise: so of the largest ones. */
size_t pst_style_terms_finish_bytes(const pst_conv_engine *engine, pst_loss_form form, const int *c, size_t count) {
    int largest[PST_DISTANCES];
    size_t kept = 0;
    if (!is_wasserstein(form))
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = kept;
        while (at > 0 && largest[at - 1] < c[i])
            at--;
        if (at == PST_DISTANCES)
            continue;
        kept += kept < PST_DISTANCES;
        memmove(&largest[at + 1], &largest[at], (kept - 1 - at) * sizeof *largest);
        largest[at] = c[i];
    }
    return pst_wasserstein_workspace_bytes(engine, largest, kept);
}

pst_status pst_style_term_open(const pst_conv_engine *engine, pst_loss_form form, int c, int true_c, const char *what,
                               pst_style_term *term) {
    pst_status status;
    *term = (pst_style_term){.session = engine->session, .engine = engine, .form = form, .c = c, .true_c = true_c};
    PST_TRY(pst_buffer_create(engine->session, matrix_bytes(c), what, &term->target));
    PST_TRY(pst_buffer_create(engine->session, matrix_bytes(c), what, &term->difference));
    if (is_wasserstein(form)) {
        PST_TRY(pst_buffer_create(engine->session, matrix_bytes(c), what, &term->transposed));
        PST_TRY(pst_buffer_create(engine->session, mean_bytes(c), what, &term->target_mean));
        PST_TRY(pst_buffer_create(engine->session, mean_bytes(c), what, &term->mean));
        PST_TRY(pst_buffer_create(engine->session, mean_bytes(c), what, &term->row));
    }
    return PST_OK;
cleanup:
    pst_style_term_close(term);
    return status;
}

void pst_style_term_close(pst_style_term *term) {
    pst_buffer *const all[] = {term->target,      term->difference, term->transposed,
                               term->target_mean, term->mean,       term->row};
    for (size_t i = 0; term->session && i < sizeof all / sizeof *all; i++)
        pst_buffer_destroy(term->session, all[i]);
    *term = (pst_style_term){0};
}

/* A weighted mean has the square of the guide, as the Gram matrix has. */
static pst_moments moments_of(const pst_style_term *term, const pst_buffer *features, size_t pixels, double scale) {
    return (pst_moments){features, term->guide, pixels, term->c, scale, term->difference, term->mean};
}

pst_status pst_style_term_add(pst_style_term *term, const pst_buffer *features, size_t pixels, double blend,
                              pst_buffer *workspace) {
    pst_moments to = moments_of(term, features, pixels, blend * gram_scale(term, pixels));
    to.moment = term->target;
    to.mean = term->target_mean;
    return pst_moments_take(term->engine, &to, 1, true, workspace);
}

/* to += factor * numbers, by way of `spare`, which nobody needs before the first comparison. */
static pst_status add_numbers(pst_session *session, const float *numbers, double factor, pst_buffer *spare,
                              pst_buffer *to) {
    pst_status status = pst_buffer_write(session, spare, 0, numbers, to->bytes);
    return status == PST_OK ? pst_combine(session, to, to->bytes / sizeof(float), 2, (const double[]){1, factor},
                                          (const pst_buffer *const[]){to, spare})
                            : status;
}

pst_status pst_style_term_add_statistics(pst_style_term *term, const pst_feature_statistics *statistics, double blend) {
    size_t c = (size_t)term->c, true_c = (size_t)term->true_c;
    const float *from = statistics->half;
    float *whole;
    pst_status status = pst_allocate(term->session->error, c * c, sizeof(float), &whole);
    if (status != PST_OK)
        return status;
    for (size_t row = 0; row < true_c; row++)
        for (size_t column = row; column < true_c; column++)
            whole[row * c + column] = whole[column * c + row] = *from++;
    PST_TRY(add_numbers(term->session, whole, blend * gram_scale(term, 1), term->difference, term->target));
    if (term->target_mean) {
        memset(whole, 0, sizeof(float) * c);
        memcpy(whole, statistics->mean, sizeof(float) * true_c);
        PST_TRY(add_numbers(term->session, whole, blend, term->mean, term->target_mean));
    }
cleanup:
    pst_free(whole);
    return status;
}

pst_status pst_style_term_end(pst_style_term *term) {
    pst_status status = PST_OK;
    if (is_wasserstein(term->form)) {
        const pst_second_moment moment = {term->c, term->true_c, term->target_mean, term->target};
        PST_TRY(pst_covariances(term->session, &moment, 1));
        PST_TRY(pst_covariance_factor(term->session, term->c, term->target, term->transposed, &term->normal));
        term->normal.mean = term->target_mean;
    }
cleanup:
    return status;
}

pst_status pst_style_terms_finish(pst_style_term *const *terms, const size_t *slots, size_t count, pst_sums *sums,
                                  pst_buffer *workspace) {
    pst_distance distances[PST_DISTANCES];
    pst_second_moment moments[PST_DISTANCES];
    pst_status status = PST_OK;
    for (size_t first = 0; first < count && is_wasserstein(terms[0]->form); first += PST_DISTANCES) {
        size_t now = 0;
        for (; now < PST_DISTANCES && first + now < count; now++) {
            const pst_style_term *term = terms[first + now];
            moments[now] = (pst_second_moment){term->c, term->true_c, term->mean, term->difference};
            distances[now] =
                (pst_distance){term->c, &term->normal, term->mean, term->difference, term->row, slots[first + now]};
        }
        PST_TRY(pst_covariances(terms[first]->session, moments, now));
        PST_TRY(pst_wasserstein_compare(terms[first]->engine, distances, now, sums, workspace));
    }
cleanup:
    return status;
}

static pst_gram_map gram_of(const pst_style_term *term, const pst_buffer *features, size_t pixels, size_t slot) {
    return (pst_gram_map){features, pixels, term->c, gram_scale(term, pixels), term->target, term->difference, slot};
}

/* What the operations need of each map, of which there are no more than they take at once. */
typedef struct operands {
    pst_gram_map grams[PST_GRAM_MAPS];
    pst_moments moments[PST_GRAM_MAPS];
} operands;

static void find_operands(const pst_style_map *maps, size_t count, operands *all) {
    for (size_t i = 0; i < count; i++) {
        const pst_style_map *m = &maps[i];
        all->grams[i] = gram_of(m->term, m->features, m->pixels, m->slot);
        all->moments[i] = moments_of(m->term, m->features, m->pixels, gram_scale(m->term, m->pixels));
    }
}

static bool are_together(const pst_style_map *maps, size_t count, size_t workspace_bytes) {
    operands all;
    if (count < 2 || count > PST_GRAM_MAPS)
        return false;
    find_operands(maps, count, &all);
    return is_wasserstein(maps->term->form)
               ? pst_moments_together(maps->term->engine, all.moments, count, workspace_bytes)
               : pst_gram_together(maps->term->engine, all.grams, count, workspace_bytes);
}

size_t pst_style_terms_together(pst_style_map *maps, size_t count, size_t workspace_bytes) {
    while (count && !are_together(maps, count, workspace_bytes)) {
        size_t largest = 0;
        for (size_t i = 1; i < count; i++)
            if (maps[i].pixels * (size_t)maps[i].term->c > maps[largest].pixels * (size_t)maps[largest].term->c)
                largest = i;
        maps[largest] = maps[--count];
    }
    return count;
}

pst_status pst_style_terms_compare(const pst_style_map *maps, size_t count, pst_sums *sums, pst_buffer *workspace) {
    operands all;
    find_operands(maps, count, &all);
    return is_wasserstein(maps->term->form) ? pst_moments_take(maps->term->engine, all.moments, count, false, workspace)
                                            : pst_gram_compare(maps->term->engine, all.grams, count, sums, workspace);
}

pst_status pst_style_term_sum(pst_style_term *term, const pst_buffer *features, size_t pixels, pst_buffer *gram,
                              pst_buffer *row, pst_buffer *workspace) {
    pst_moments to = moments_of(term, features, pixels, 1);
    to.moment = gram;
    to.mean = is_wasserstein(term->form) ? row : NULL;
    return pst_moments_take(term->engine, &to, 1, false, workspace);
}

pst_status pst_style_term_add_sum(pst_style_term *term, const pst_buffer *gram, const pst_buffer *row, size_t pixels,
                                  double blend) {
    const double factors[] = {1, blend * gram_scale(term, pixels)};
    pst_status status;
    PST_TRY(pst_combine(term->session, term->target, (size_t)term->c * (size_t)term->c, 2, factors,
                        (const pst_buffer *const[]){term->target, gram}));
    if (term->target_mean)
        PST_TRY(pst_combine(term->session, term->target_mean, (size_t)term->c, 2, factors,
                            (const pst_buffer *const[]){term->target_mean, row}));
cleanup:
    return status;
}

pst_status pst_style_term_compare_sum(pst_style_term *term, const pst_buffer *gram, const pst_buffer *row,
                                      size_t pixels, pst_sums *sums, size_t slot) {
    const pst_gram_map map = gram_of(term, NULL, pixels, slot);
    pst_status status;
    if (!is_wasserstein(term->form))
        return pst_gram_compare_sum(term->engine, gram, &map, sums);
    PST_TRY(pst_combine(term->session, term->difference, (size_t)term->c * (size_t)term->c, 1, &map.scale,
                        (const pst_buffer *const[]){gram}));
    PST_TRY(pst_combine(term->session, term->mean, (size_t)term->c, 1, &map.scale, (const pst_buffer *const[]){row}));
cleanup:
    return status;
}

pst_status pst_style_term_gradient(pst_style_term *term, const pst_buffer *features, size_t pixels, size_t map_pixels,
                                   double scale, bool accumulate, pst_buffer *d, pst_buffer *workspace) {
    const double factor = scale * gradient_factor(term, map_pixels);
    const pst_buffer *row = term->guide ? NULL : term->row;
    pst_status status = pst_gram_backward(term->engine, features, term->difference, row, pixels, term->c, factor,
                                          accumulate, d, workspace);
    if (status == PST_OK && term->row && term->guide)
        status = pst_guide_row(term->session, d, pixels, term->c, factor, term->guide, term->row);
    return status;
}
