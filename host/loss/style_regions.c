#include "loss/style_regions.h"

#include <string.h>

#include "base/memory.h"
#include "op/guide.h"

/* The workspace of a term with regions: the term's own, the map times a guide, and a style's guide. */
typedef struct layout {
    size_t own, map, guide; /* bytes */
} layout;

static layout lay_out(const pst_conv_engine *engine, pst_loss_form form, size_t pixels, int c, size_t count) {
    layout l = {.own = pst_style_term_workspace_bytes(engine, form, pixels, c)};
    if (count) {
        l.own = pst_round_up(l.own, PST_SLICE_ALIGN);
        l.map = pst_round_up(sizeof(float) * pixels * (size_t)c, PST_SLICE_ALIGN);
        l.guide = sizeof(float) * pixels;
    }
    return l;
}

size_t pst_style_regions_bytes(pst_loss_form form, int c, size_t pixels, size_t count, size_t *largest) {
    size_t own = pst_style_term_bytes(form, c, largest), guide = sizeof(float) * pixels;
    if (!count)
        return own;
    *largest = guide > *largest ? guide : *largest;
    return count * (own + guide);
}

size_t pst_style_regions_workspace_bytes(const pst_conv_engine *engine, pst_loss_form form, size_t pixels, int c,
                                         size_t count) {
    layout l = lay_out(engine, form, pixels, c, count);
    return l.own + l.map + l.guide;
}

pst_status pst_style_regions_open(const pst_conv_engine *engine, pst_loss_form form, int c, int true_c, size_t pixels,
                                  size_t part_pixels, size_t count, const char *what, pst_style_regions *regions) {
    pst_status status = PST_OK;
    *regions = (pst_style_regions){.count = count, .pixels = pixels};
    for (size_t r = 0; r < (count ? count : 1); r++) {
        PST_TRY(pst_style_term_open(engine, form, c, true_c, what, &regions->terms[r]));
        if (count)
            PST_TRY(pst_buffer_create(engine->session, sizeof(float) * part_pixels, "guide of a region",
                                      &regions->guides[r]));
        else
            regions->areas[0] = 1;
    }
    return PST_OK;
cleanup:
    pst_style_regions_close(regions);
    return status;
}

void pst_style_regions_close(pst_style_regions *regions) {
    for (size_t r = 0; r < PST_REGIONS_MAX; r++) {
        if (regions->guides[r])
            pst_buffer_destroy(regions->terms[r].session, regions->guides[r]);
        pst_style_term_close(&regions->terms[r]);
    }
    *regions = (pst_style_regions){0};
}

pst_status pst_style_regions_guide(pst_style_regions *regions, const pst_guides *guides, size_t layer) {
    pst_status status = PST_OK;
    for (size_t r = 0; r < regions->count && status == PST_OK; r++) {
        regions->areas[r] = guides->at[r][layer] ? guides->area[r][layer] : 0;
        if (guides->at[r][layer])
            status = pst_buffer_write(regions->terms[r].session, regions->guides[r], 0, guides->at[r][layer],
                                      sizeof(float) * regions->pixels);
    }
    return status;
}

/* The parts of a workspace, to be closed. */
typedef struct parts {
    pst_session *session;
    pst_buffer *own, *map, *guide;
} parts;

static pst_status cut(const pst_style_term *term, size_t pixels, const pst_buffer *workspace, parts *p) {
    const layout l = lay_out(term->engine, term->form, pixels, term->c, 1);
    pst_status status;
    *p = (parts){.session = term->session};
    PST_TRY(pst_buffer_slice(term->session, workspace, 0, l.own, &p->own));
    PST_TRY(pst_buffer_slice(term->session, workspace, l.own, l.map, &p->map));
    PST_TRY(pst_buffer_slice(term->session, workspace, l.own + l.map, l.guide, &p->guide));
cleanup:
    return status;
}

static void close_parts(parts *p) {
    if (p->session) {
        pst_buffer_destroy(p->session, p->own);
        pst_buffer_destroy(p->session, p->map);
        pst_buffer_destroy(p->session, p->guide);
    }
}

/* A call to a term with guided features is between these two. */
static pst_status begin(pst_style_term *term, const pst_buffer *features, size_t pixels, const pst_buffer *guide,
                        bool squared, const parts *p) {
    term->guide = guide;
    return pst_guide_map(p->session, features, pixels, term->c, guide, squared, p->map);
}

static pst_status end(pst_style_term *term, pst_status status) {
    term->guide = NULL;
    return status;
}

pst_status pst_style_regions_add(pst_style_regions *regions, const pst_buffer *features, size_t pixels, double blend,
                                 const pst_guides *guides, size_t layer, pst_buffer *workspace) {
    parts p = {0};
    pst_status status;
    if (!regions->count) {
        regions->has_target[0] = true;
        return pst_style_term_add(&regions->terms[0], features, pixels, blend, workspace);
    }
    PST_TRY(cut(&regions->terms[0], pixels, workspace, &p));
    for (size_t r = 0; r < regions->count; r++) {
        pst_style_term *term = &regions->terms[r];
        if (!guides->at[r][layer] || guides->blend[r][layer] <= 0)
            continue;
        PST_TRY(pst_buffer_write(p.session, p.guide, 0, guides->at[r][layer], sizeof(float) * pixels));
        PST_TRY(begin(term, features, pixels, p.guide, false, &p));
        PST_TRY(end(term, pst_style_term_add(term, p.map, pixels, guides->blend[r][layer], p.own)));
        regions->has_target[r] = true;
    }
cleanup:
    close_parts(&p);
    return status;
}

pst_status pst_style_regions_add_statistics(pst_style_regions *regions, const pst_feature_statistics *statistics,
                                            double blend, const pst_guides *guides, size_t layer) {
    pst_status status = PST_OK;
    for (size_t r = 0; r < (regions->count ? regions->count : 1) && status == PST_OK; r++) {
        double part = !regions->count ? blend : guides->at[r][layer] ? guides->blend[r][layer] : 0;
        if (regions->count && part <= 0)
            continue;
        status = pst_style_term_add_statistics(&regions->terms[r], statistics, part);
        regions->has_target[r] = true;
    }
    return status;
}

bool pst_style_regions_compared(const pst_style_regions *regions, size_t r) {
    return regions->has_target[r] && regions->areas[r] > 0;
}

pst_status pst_style_regions_end(pst_style_regions *regions) {
    pst_status status = PST_OK;
    for (size_t r = 0; r < PST_REGIONS_MAX && status == PST_OK; r++)
        if (pst_style_regions_compared(regions, r))
            status = pst_style_term_end(&regions->terms[r]);
    return status;
}

pst_status pst_style_regions_compare(pst_style_regions *regions, const pst_buffer *features, pst_sums *sums,
                                     size_t slot, size_t slot_step, pst_buffer *workspace) {
    parts p = {0};
    pst_status status;
    if (!regions->count)
        return pst_style_terms_compare(&(pst_style_map){&regions->terms[0], features, regions->pixels, slot}, 1, sums,
                                       workspace);
    PST_TRY(cut(&regions->terms[0], regions->pixels, workspace, &p));
    for (size_t r = 0; r < regions->count; r++)
        if (pst_style_regions_compared(regions, r)) {
            const pst_style_map map = {&regions->terms[r], p.map, regions->pixels, slot + r * slot_step};
            PST_TRY(begin(map.term, features, regions->pixels, regions->guides[r], false, &p));
            PST_TRY(end(map.term, pst_style_terms_compare(&map, 1, sums, p.own)));
        }
cleanup:
    close_parts(&p);
    return status;
}

pst_status pst_style_regions_finish(pst_style_regions *styles, const bool *which, size_t count, size_t slot_step,
                                    pst_sums *sums, pst_buffer *workspace) {
    pst_status status = PST_OK;
    for (size_t r = 0; r < PST_REGIONS_MAX && status == PST_OK; r++) {
        pst_style_term *terms[PST_LAYERS_MAX];
        size_t slots[PST_LAYERS_MAX], compared = 0;
        for (size_t t = 0; t < count; t++)
            if ((!which || which[t]) && pst_style_regions_compared(&styles[t], r)) {
                terms[compared] = &styles[t].terms[r];
                slots[compared++] = t + r * slot_step;
            }
        status = pst_style_terms_finish(terms, slots, compared, sums, workspace);
    }
    return status;
}

pst_status pst_style_regions_gradient(pst_style_regions *regions, const pst_buffer *features, size_t pixels,
                                      double scale, bool accumulate, pst_buffer *d, pst_buffer *workspace) {
    const size_t all = regions->pixels;
    parts p = {0};
    pst_status status;
    if (!regions->count)
        return pst_style_term_gradient(&regions->terms[0], features, pixels, all, scale, accumulate, d, workspace);
    PST_TRY(cut(&regions->terms[0], pixels, workspace, &p));
    for (size_t r = 0; r < regions->count; r++)
        if (pst_style_regions_compared(regions, r)) {
            pst_style_term *term = &regions->terms[r];
            PST_TRY(begin(term, features, pixels, regions->guides[r], true, &p));
            PST_TRY(end(term, pst_style_term_gradient(term, p.map, pixels, all, regions->areas[r] * scale, accumulate,
                                                      d, p.own)));
            accumulate = true;
        }
    if (!accumulate) /* no region is seen in this layer */
        PST_TRY(pst_buffer_zero(p.session, d, d->bytes));
cleanup:
    close_parts(&p);
    return status;
}

/* ---- maps in parts ---- */

pst_status pst_style_regions_guide_part(pst_style_regions *regions, const pst_guides *guides, size_t layer, int map_w,
                                        int y, int x, int h, int w) {
    pst_status status = PST_OK;
    float *part = NULL;
    if (!regions->count)
        return PST_OK;
    PST_TRY(pst_allocate(regions->terms[0].session->error, (size_t)h * (size_t)w, sizeof *part, &part));
    for (size_t r = 0; r < regions->count; r++) {
        const float *from = guides->at[r][layer];
        if (!from)
            continue;
        for (int row = 0; row < h; row++)
            memcpy(part + (size_t)row * (size_t)w, from + (size_t)(y + row) * (size_t)map_w + (size_t)x,
                   sizeof *part * (size_t)w);
        PST_TRY(pst_buffer_write(regions->terms[r].session, regions->guides[r], 0, part,
                                 sizeof *part * (size_t)h * (size_t)w));
    }
cleanup:
    pst_free(part);
    return status;
}

pst_status pst_style_regions_part_sum(pst_style_regions *regions, size_t r, const pst_buffer *features, size_t pixels,
                                      pst_buffer *gram, pst_buffer *row, pst_buffer *workspace) {
    pst_style_term *term = &regions->terms[r];
    parts p = {0};
    pst_status status;
    if (!regions->count)
        return pst_style_term_sum(term, features, pixels, gram, row, workspace);
    PST_TRY(cut(term, pixels, workspace, &p));
    PST_TRY(begin(term, features, pixels, regions->guides[r], false, &p));
    PST_TRY(end(term, pst_style_term_sum(term, p.map, pixels, gram, row, p.own)));
cleanup:
    close_parts(&p);
    return status;
}

pst_status pst_style_regions_compare_sum(pst_style_regions *regions, size_t r, const pst_buffer *gram,
                                         const pst_buffer *row, pst_sums *sums, size_t slot) {
    return pst_style_term_compare_sum(&regions->terms[r], gram, row, regions->pixels, sums, slot);
}

pst_status pst_style_regions_add_sum(pst_style_regions *regions, size_t r, const pst_buffer *gram,
                                     const pst_buffer *row, size_t pixels, double blend) {
    regions->has_target[r] = true;
    return pst_style_term_add_sum(&regions->terms[r], gram, row, pixels, blend);
}

double pst_style_regions_sum(const pst_style_regions *regions, const pst_sums *sums, size_t slot, size_t slot_step) {
    double sum = 0;
    for (size_t r = 0; r < PST_REGIONS_MAX; r++)
        if (pst_style_regions_compared(regions, r))
            sum += regions->areas[r] * pst_sums_value(sums, slot + r * slot_step);
    return sum;
}
