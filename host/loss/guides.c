#include "loss/guides.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#define LEAST_UNITS 0.5 /* of a map, in a region that has any statistics */

/* A plane that shrinks on its way through the layers as the maps do, in place. */
typedef struct plane {
    float *at;
    int h, w;
} plane;

static float pick(pst_guide_mode mode, float a, float b) { return mode == PST_GUIDES_ALL ? fmaxf(a, b) : fminf(a, b); }

/* What a 3x3 convolution sees. Beyond the border is nothing of any region. */
static void see(plane *p, pst_guide_mode mode, float *row_before) {
    for (int y = 0; y < p->h; y++) { /* along the rows */
        float *row = p->at + (size_t)y * (size_t)p->w, before = row[0];
        for (int x = 0; x < p->w; x++) {
            float here = row[x], next = row[x + 1 < p->w ? x + 1 : x];
            row[x] = pick(mode, pick(mode, before, here), next);
            before = here;
        }
    }
    memcpy(row_before, p->at, (size_t)p->w * sizeof(float));
    for (int y = 0; y < p->h; y++) /* down the columns */
        for (int x = 0; x < p->w; x++) {
            float *here = p->at + (size_t)y * (size_t)p->w + (size_t)x, own = *here,
                  next = y + 1 < p->h ? here[p->w] : own;
            *here = pick(mode, pick(mode, row_before[x], own), next);
            row_before[x] = own;
        }
}

/* 2x2 pooling, with an odd row or column left out, or with `ceil` in a window over the edge, as in the network. */
static void pool(plane *p, pst_guide_mode mode, bool ceil) {
    int h = pst_pooled_side(ceil, p->h), w = pst_pooled_side(ceil, p->w);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) { /* what is there stands for what is not, which leaves the mean as it is */
            const int right = 2 * x + 1 < p->w;
            const float *a = p->at + (size_t)(2 * y) * (size_t)p->w + (size_t)(2 * x);
            const float *b = 2 * y + 1 < p->h ? a + p->w : a;
            p->at[(size_t)y * (size_t)w + (size_t)x] =
                mode == PST_GUIDES_SIMPLE ? (a[0] + a[right] + b[0] + b[right]) / 4
                                          : pick(mode, pick(mode, a[0], a[right]), pick(mode, b[0], b[right]));
        }
    p->h = h;
    p->w = w;
}

/* The roots of share * weight, of mean square 1; *guide NULL where there is too little for any style. */
static pst_status make_guide(pst_error *error, const plane *share, const plane *weight, float **guide, double *area) {
    size_t count = (size_t)share->h * (size_t)share->w;
    double sum = 0;
    pst_status status;
    *guide = NULL;
    for (size_t i = 0; i < count; i++)
        sum += (double)share->at[i] * (weight->at ? (double)weight->at[i] : 1);
    if (!(sum >= LEAST_UNITS))
        return PST_OK;
    *area = sum / (double)count;
    PST_TRY(pst_allocate(error, count, sizeof(float), guide));
    for (size_t i = 0; i < count; i++)
        (*guide)[i] =
            (float)sqrt((double)share->at[i] * (weight->at ? (double)weight->at[i] : 1) * (double)count / sum);
cleanup:
    return status;
}

static pst_status copy_plane(pst_error *error, const float *from, int h, int w, plane *to) {
    *to = (plane){.h = h, .w = w};
    size_t count = (size_t)h * (size_t)w;
    if (!from)
        return PST_OK;
    pst_status status = pst_allocate(error, count, sizeof(float), &to->at);
    for (size_t i = 0; status == PST_OK && i < count; i++)
        to->at[i] = from[i] > 0 ? from[i] < 1 ? from[i] : 1 : 0;
    return status;
}

pst_status pst_guides_add(pst_error *error, const pst_layers *layers, const bool wanted[PST_LAYERS_MAX],
                          pst_guide_mode mode, const float *share, const float *weight, int h, int w,
                          pst_guides *guides) {
    size_t region = guides->count;
    plane shares = {0}, weights = {0};
    float *row = NULL;
    pst_status status;
    if (region >= PST_REGIONS_MAX)
        return pst_fail(error, PST_ERROR_ARGUMENT, "there are more than %d regions", PST_REGIONS_MAX);
    PST_TRY(copy_plane(error, share, h, w, &shares));
    PST_TRY(copy_plane(error, weight, h, w, &weights));
    PST_TRY(pst_allocate(error, (size_t)w, sizeof(float), &row));
    guides->count++;
    for (size_t l = 0; l < layers->count && shares.h > 0 && shares.w > 0; l++) {
        if (mode != PST_GUIDES_SIMPLE)
            see(&shares, mode, row);
        if (wanted[l])
            PST_TRY(make_guide(error, &shares, &weights, &guides->at[region][l], &guides->area[region][l]));
        if (layers->at[l].pooled) {
            pool(&shares, mode, layers->ceil);
            if (weights.at)
                pool(&weights, PST_GUIDES_SIMPLE, layers->ceil);
        }
    }
cleanup:
    pst_free(shares.at);
    pst_free(weights.at);
    pst_free(row);
    return status;
}

void pst_guides_share(pst_guides *const *styles, const double *weights, size_t count) {
    for (size_t r = 0; count && r < styles[0]->count; r++)
        for (size_t l = 0; l < PST_LAYERS_MAX; l++) {
            double sum = 0;
            for (size_t s = 0; s < count; s++)
                sum += styles[s]->at[r][l] ? weights[s] : 0;
            for (size_t s = 0; s < count; s++)
                styles[s]->blend[r][l] = sum > 0 && styles[s]->at[r][l] ? weights[s] / sum : 0;
        }
}

void pst_guides_clear(pst_guides *guides) {
    for (size_t r = 0; r < PST_REGIONS_MAX; r++)
        for (size_t l = 0; l < PST_LAYERS_MAX; l++)
            pst_free(guides->at[r][l]);
    *guides = (pst_guides){0};
}
