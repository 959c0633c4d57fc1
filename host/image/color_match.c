/* Maps between the colors of images by their means and covariances. */
#include <math.h>

#include "image/color.h"

#define LEAST_VARIANCE 1.0 /* of a direction, in levels squared: below it is noise, of rounding or of JPEG */
#define TURNS 12           /* of HISTOGRAM: the distributions change no more then */

typedef double matrix[3][3];

double pst_color_measure(const pst_image *image, const float *weights, pst_color_statistics *statistics) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    double total = 0;
    *statistics = (pst_color_statistics){0};
    for (size_t i = 0; i < pixels; i++) {
        double weight = weights ? (double)weights[i] : 1;
        total += weight;
        for (int c = 0; c < 3; c++)
            statistics->mean[c] += weight * (double)image->rgb[3 * i + c];
    }
    if (!(total > 0))
        return 0;
    for (int c = 0; c < 3; c++)
        statistics->mean[c] /= total;
    for (size_t i = 0; i < pixels; i++) {
        double weight = (weights ? (double)weights[i] : 1) / total, d[3];
        for (int c = 0; c < 3; c++)
            d[c] = (double)image->rgb[3 * i + c] - statistics->mean[c];
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                statistics->covariance[a][b] += weight * d[a] * d[b];
    }
    return total;
}

static void multiply(matrix a, matrix b, matrix product) {
    matrix p;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            p[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
    for (int i = 0; i < 9; i++)
        product[i / 3][i % 3] = p[i / 3][i % 3];
}

/* Jacobi's rotations: a = v diag(values) v' for a symmetric a. */
static void find_eigenvalues(matrix symmetric, double values[3], matrix v) {
    matrix a;
    for (int i = 0; i < 9; i++) {
        a[i / 3][i % 3] = symmetric[i / 3][i % 3];
        v[i / 3][i % 3] = i / 3 == i % 3;
    }
    for (int sweep = 0; sweep < 32; sweep++) {
        double off = a[0][1] * a[0][1] + a[0][2] * a[0][2] + a[1][2] * a[1][2];
        if (off <= 1e-30 * (a[0][0] * a[0][0] + a[1][1] * a[1][1] + a[2][2] * a[2][2]))
            break;
        for (int p = 0; p < 2; p++)
            for (int q = p + 1; q < 3; q++) {
                if (a[p][q] == 0)
                    continue;
                double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1),
                       s = t * c;
                for (int k = 0; k < 3; k++) { /* columns */
                    double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x - s * y, a[k][q] = s * x + c * y;
                    x = v[k][p], y = v[k][q];
                    v[k][p] = c * x - s * y, v[k][q] = s * x + c * y;
                }
                for (int k = 0; k < 3; k++) { /* rows */
                    double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y, a[q][k] = s * x + c * y;
                }
            }
    }
    for (int i = 0; i < 3; i++)
        values[i] = a[i][i];
}

/* The symmetric matrix with its eigenvalues raised to `least` and then to `power`. */
static void power_of(matrix symmetric, double least, double power, matrix result) {
    double values[3];
    matrix v;
    find_eigenvalues(symmetric, values, v);
    for (int k = 0; k < 3; k++)
        values[k] = values[k] > least ? pow(values[k], power) : least > 0 ? pow(least, power) : 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            result[i][j] =
                values[0] * v[i][0] * v[j][0] + values[1] * v[i][1] * v[j][1] + values[2] * v[i][2] * v[j][2];
}

/* The lower triangular l with l l' = a, which may be singular: a column without a pivot is 0. */
static void factorize(matrix a, matrix l) {
    double most = fmax(a[0][0], fmax(a[1][1], a[2][2]));
    for (int i = 0; i < 9; i++)
        l[i / 3][i % 3] = 0;
    for (int j = 0; j < 3; j++) {
        double pivot = a[j][j];
        for (int k = 0; k < j; k++)
            pivot -= l[j][k] * l[j][k];
        if (pivot <= 1e-12 * most)
            continue;
        l[j][j] = sqrt(pivot);
        for (int i = j + 1; i < 3; i++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            l[i][j] = sum / l[j][j];
        }
    }
}

static void invert_lower(matrix l, matrix inverse) {
    for (int column = 0; column < 3; column++)
        for (int i = 0; i < 3; i++) {
            double sum = i == column;
            for (int k = column; k < i; k++)
                sum -= l[i][k] * inverse[k][column];
            inverse[i][column] = i < column ? 0 : sum / l[i][i];
        }
}

void pst_color_map(pst_color_statistics from, pst_color_statistics to, pst_match_colors how, double a[3][3]) {
    matrix root, inverse, middle;
    if (how == PST_MATCH_CHOLESKY) {
        power_of(from.covariance, LEAST_VARIANCE, 1, middle);
        factorize(middle, root);
        invert_lower(root, inverse);
        factorize(to.covariance, root);
        multiply(root, inverse, a);
        return;
    }
    power_of(from.covariance, LEAST_VARIANCE, -0.5, inverse);
    if (how == PST_MATCH_PCA) {
        power_of(to.covariance, 0, 0.5, root);
        multiply(root, inverse, a);
        return;
    }
    power_of(from.covariance, LEAST_VARIANCE, 0.5, root); /* the optimal transport between normal distributions */
    multiply(root, to.covariance, middle);
    multiply(middle, root, middle);
    power_of(middle, 0, 0.5, middle);
    multiply(inverse, middle, a);
    multiply(a, inverse, a);
}

pst_status pst_img_match_colors(pst_error *error, pst_image *image, const float *weights, const pst_image *like,
                                const float *like_weights, pst_match_colors how) {
    pst_color_statistics from, to;
    matrix a;
    bool histogram = how == PST_MATCH_HISTOGRAM;
    size_t pixels = (size_t)image->width * (size_t)image->height;
    if (how == PST_MATCH_NONE || pst_color_measure(image, weights, &from) == 0 ||
        pst_color_measure(like, like_weights, &to) == 0)
        return PST_OK;
    pst_color_map(from, to, histogram ? PST_MATCH_SYMMETRIC : how, a);
    for (size_t i = 0; i < pixels; i++) {
        float *rgb = image->rgb + 3 * i;
        double d[3];
        for (int c = 0; c < 3; c++)
            d[c] = (double)rgb[c] - from.mean[c];
        for (int c = 0; c < 3; c++)
            rgb[c] = (float)(a[c][0] * d[0] + a[c][1] * d[1] + a[c][2] * d[2] + to.mean[c]);
    }
    if (histogram) {
        pst_status status = pst_color_match_histograms(error, image, weights, like, like_weights, TURNS);
        if (status != PST_OK)
            return status;
    }
    for (size_t i = 0; i < 3 * pixels; i++)
        image->rgb[i] = image->rgb[i] < 0 ? 0 : image->rgb[i] > 255 ? 255 : image->rgb[i];
    return PST_OK;
}
