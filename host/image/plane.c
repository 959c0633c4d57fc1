/* Resampling of planes of numbers such as shares and weights, which must not overshoot as images may. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "image/mask.h"

/* Which samples make an output sample, and how much of it each. */
typedef struct span {
    int first, count;
    float *weights;
} span;

static pst_status make_spans(pst_error *error, int in, int out, span **spans, float **weights) {
    double ratio = (double)in / out;
    int most = (int)ceil(ratio) + 2;
    pst_status status;
    PST_TRY(pst_allocate(error, (size_t)out, sizeof(span), spans));
    PST_TRY(pst_allocate(error, (size_t)out * (size_t)most, sizeof(float), weights));
    for (int i = 0; i < out; i++) {
        span *s = &(*spans)[i];
        s->weights = *weights + (size_t)i * (size_t)most;
        if (ratio > 1) { /* the area that the sample covers */
            double low = i * ratio, high = (i + 1) * ratio;
            s->first = (int)floor(low);
            for (int k = s->first; k < in && k < high; k++, s->count++) {
                double from = k > low ? k : low, to = k + 1 < high ? k + 1 : high;
                s->weights[s->count] = (float)((to - from) / ratio);
            }
        } else { /* linear between the nearest two */
            double at = (i + 0.5) * ratio - 0.5;
            at = at < 0 ? 0 : at > in - 1 ? in - 1 : at;
            s->first = (int)at;
            s->count = s->first + 1 < in ? 2 : 1;
            s->weights[0] = (float)(s->count == 2 ? 1 - (at - s->first) : 1);
            if (s->count == 2)
                s->weights[1] = (float)(at - s->first);
        }
    }
cleanup:
    return status;
}

pst_status pst_plane_resize(pst_error *error, const float *from, int from_width, int from_height, float *to, int width,
                            int height) {
    span *across = NULL, *down = NULL;
    float *across_weights = NULL, *down_weights = NULL, *row = NULL;
    pst_status status;
    PST_TRY(make_spans(error, from_width, width, &across, &across_weights));
    PST_TRY(make_spans(error, from_height, height, &down, &down_weights));
    PST_TRY(pst_allocate(error, (size_t)from_width, sizeof(float), &row));
    for (int y = 0; y < height; y++) {
        memset(row, 0, (size_t)from_width * sizeof(float));
        for (int k = 0; k < down[y].count; k++)
            for (int x = 0; x < from_width; x++)
                row[x] += down[y].weights[k] * from[(size_t)(down[y].first + k) * (size_t)from_width + (size_t)x];
        for (int x = 0; x < width; x++) {
            float sum = 0;
            for (int k = 0; k < across[x].count; k++)
                sum += across[x].weights[k] * row[across[x].first + k];
            to[(size_t)y * (size_t)width + (size_t)x] = sum;
        }
    }
cleanup:
    pst_free(across);
    pst_free(down);
    pst_free(across_weights);
    pst_free(down_weights);
    pst_free(row);
    return status;
}
