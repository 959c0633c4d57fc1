#include "image/filter.h"

#include <math.h>

#include "base/memory.h"

/* Keys's cubic with a = -1/2. */
static double catmull_rom(double x) {
    x = fabs(x);
    if (x < 1)
        return 1 + x * x * (1.5 * x - 2.5);
    if (x < 2)
        return 2 + x * (-4 + x * (2.5 - 0.5 * x));
    return 0;
}

/* The part of each input sample that the output sample covers. */
static pst_taps average(int i, int in, double ratio, double *weights) {
    const double low = i * ratio, high = (i + 1) * ratio;
    const int first = (int)floor(low);
    int count = 0;
    for (int k = first; k < in && k < high; k++) {
        const double from = k > low ? k : low, to = k + 1 < high ? k + 1 : high;
        weights[count++] = (to - from) / ratio;
    }
    return (pst_taps){first, count, weights};
}

static pst_taps linear(int i, int in, double ratio, double *weights) {
    double at = (i + 0.5) * ratio - 0.5;
    at = at < 0 ? 0 : at > in - 1 ? in - 1 : at;
    const int first = (int)at, count = first + 1 < in ? 2 : 1;
    weights[0] = count == 2 ? 1 - (at - first) : 1;
    if (count == 2)
        weights[1] = at - first;
    return (pst_taps){first, count, weights};
}

static pst_taps cubic(int i, int in, double ratio, double *weights) {
    const double stretch = ratio > 1 ? ratio : 1, center = (i + 0.5) * ratio - 0.5;
    const int first = (int)ceil(center - 2 * stretch), last = (int)floor(center + 2 * stretch);
    const int low = first < 0 ? 0 : first;
    int count = 0;
    double sum = 0;
    for (int k = first; k <= last; k++) {
        const int inside = k < 0 ? 0 : k >= in ? in - 1 : k;
        const double weight = catmull_rom((k - center) / stretch);
        weights[inside - low] += weight;
        sum += weight;
        count = inside - low + 1;
    }
    for (int k = 0; k < count; k++)
        weights[k] /= sum;
    return (pst_taps){low, count, weights};
}

pst_status pst_filter_init(pst_error *error, pst_filter_kind kind, int in, int out, pst_filter *filter) {
    const double ratio = (double)in / out;
    int most = (int)ceil(4 * (ratio > 1 ? ratio : 1)) + 1;
    pst_status status;
    if (most > in)
        most = in;
    PST_TRY(pst_allocate(error, (size_t)out, sizeof *filter->at, &filter->at));
    PST_TRY(pst_allocate(error, (size_t)out * (size_t)most, sizeof *filter->weights, &filter->weights));
    for (int i = 0; i < out; i++) {
        double *weights = filter->weights + (size_t)i * (size_t)most;
        filter->at[i] = kind == PST_FILTER_CUBIC ? cubic(i, in, ratio, weights)
                        : ratio > 1              ? average(i, in, ratio, weights)
                                                 : linear(i, in, ratio, weights);
    }
cleanup:
    return status;
}

void pst_filter_clear(pst_filter *filter) {
    pst_free(filter->at);
    pst_free(filter->weights);
    *filter = (pst_filter){0};
}
