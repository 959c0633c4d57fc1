/* Distributions of colors made alike by matching them along one axis after another: F. Pitie, A. Kokaram and R.
 * Dahyot, "Automated color grading using color distribution transfer" (2007). */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "image/color.h"

#define SAMPLES_MAX ((size_t)1 << 16) /* pixels that stand for an image */

typedef struct sample {
    float value, weight;
} sample;

/* A distribution along an axis: value[i] has the share rank[i] of all below it, its own counted by half. Ascending. */
typedef struct distribution {
    sample *samples;
    float *value;
    double *rank;
    size_t count;
} distribution;

static int compare(const void *a, const void *b) {
    const sample *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static double along(const float *rgb, const double axis[3]) {
    return axis[0] * (double)rgb[0] + axis[1] * (double)rgb[1] + axis[2] * (double)rgb[2];
}

static void distribute(const pst_image *image, const float *weights, const double axis[3], distribution *d) {
    size_t pixels = (size_t)image->width * (size_t)image->height, step = (pixels + SAMPLES_MAX - 1) / SAMPLES_MAX,
           taken = 0;
    double total = 0, below = 0;
    step += step % 2 == 0 && step > 1; /* not only every other column */
    for (size_t i = 0; i < pixels; i += step) {
        sample s = {(float)along(image->rgb + 3 * i, axis), weights ? weights[i] : 1};
        if (s.weight > 0)
            d->samples[taken++] = s;
        total += (double)s.weight;
    }
    qsort(d->samples, taken, sizeof *d->samples, compare);
    d->count = 0;
    for (size_t i = 0, next; i < taken; i = next) {
        double weight = 0;
        for (next = i; next < taken && d->samples[next].value == d->samples[i].value; next++)
            weight += (double)d->samples[next].weight;
        d->value[d->count] = d->samples[i].value;
        d->rank[d->count++] = (below + weight / 2) / total;
        below += weight;
    }
}

/* The last i with table[i] <= at; 0 if there is none. */
static size_t place_of_value(const distribution *d, float at) {
    size_t low = 0, high = d->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(d->value[middle] <= at ? &low : &high) = middle;
    }
    return low;
}

static size_t place_of_rank(const distribution *d, double at) {
    size_t low = 0, high = d->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(d->rank[middle] <= at ? &low : &high) = middle;
    }
    return low;
}

/* The value of the same rank in the other distribution, linear in between. */
static double carry(const distribution *from, const distribution *to, double value) {
    size_t i = place_of_value(from, (float)value);
    double rank = from->rank[i];
    if (i + 1 < from->count) {
        double part = (value - (double)from->value[i]) / ((double)from->value[i + 1] - (double)from->value[i]);
        rank += (from->rank[i + 1] - rank) * (part < 0 ? 0 : part > 1 ? 1 : part);
    }
    size_t k = place_of_rank(to, rank);
    double result = (double)to->value[k];
    if (k + 1 < to->count && rank > to->rank[k])
        result += ((double)to->value[k + 1] - result) * (rank - to->rank[k]) / (to->rank[k + 1] - to->rank[k]);
    return result;
}

/* A random rotation from four normal numbers, as a quaternion. */
static void rotation(const float normal[4], double axes[3][3]) {
    double q[4], length = 0;
    for (int i = 0; i < 4; i++)
        length += (double)normal[i] * (double)normal[i];
    for (int i = 0; i < 4; i++)
        q[i] = (double)normal[i] / sqrt(length);
    double w = q[0], x = q[1], y = q[2], z = q[3];
    const double made[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                               {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                               {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
    for (int i = 0; i < 9; i++)
        axes[i / 3][i % 3] = made[i / 3][i % 3];
}

static void match_along(pst_image *image, double axes[3][3], const distribution from[3], const distribution to[3]) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < pixels; i++) {
        float *rgb = image->rgb + 3 * i;
        double moved[3] = {0};
        for (int k = 0; k < 3; k++) {
            double value = carry(&from[k], &to[k], along(rgb, axes[k]));
            for (int c = 0; c < 3; c++)
                moved[c] += value * axes[k][c];
        }
        for (int c = 0; c < 3; c++)
            rgb[c] = (float)moved[c];
    }
}

static pst_status reserve(pst_error *error, distribution *d) {
    pst_status status;
    PST_TRY(pst_allocate(error, SAMPLES_MAX, sizeof *d->samples, &d->samples));
    PST_TRY(pst_allocate(error, SAMPLES_MAX, sizeof *d->value, &d->value));
    PST_TRY(pst_allocate(error, SAMPLES_MAX, sizeof *d->rank, &d->rank));
cleanup:
    return status;
}

static bool is_empty(const pst_image *image, const float *weights) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < pixels; i++)
        if (!weights || weights[i] > 0)
            return false;
    return true;
}

pst_status pst_color_match_histograms(pst_error *error, pst_image *image, const float *weights, const pst_image *like,
                                      const float *like_weights, int turns) {
    distribution d[6] = {0}; /* from, then to */
    float *normal = NULL;
    pst_status status = PST_OK;
    if (is_empty(image, weights) || is_empty(like, like_weights))
        return PST_OK;
    PST_TRY(pst_allocate(error, 4 * (size_t)turns, sizeof *normal, &normal));
    for (int k = 0; k < 6; k++)
        PST_TRY(reserve(error, &d[k]));
    pst_random_normal(1, normal, 4 * (size_t)turns);
    for (int turn = 0; turn < turns; turn++) {
        double axes[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
        if (turn + 1 < turns)
            rotation(normal + 4 * turn, axes);
        for (int k = 0; k < 3; k++) {
            distribute(image, weights, axes[k], &d[k]);
            distribute(like, like_weights, axes[k], &d[3 + k]);
            if (!d[k].count || !d[3 + k].count) /* weights that no sample has met */
                goto cleanup;
        }
        match_along(image, axes, d, d + 3);
    }
cleanup:
    for (int k = 0; k < 6; k++) {
        pst_free(d[k].samples);
        pst_free(d[k].value);
        pst_free(d[k].rank);
    }
    pst_free(normal);
    return status;
}
