#include "spread/host_spread.h"

size_t pst_host_scales(int h, int w, pst_host_scale_map scales[PST_SPREAD_LEVELS + 1]) {
    size_t floats = 0;
    scales[0] = (pst_host_scale_map){h, w, 0};
    for (int l = 1; l <= PST_SPREAD_LEVELS; l++) {
        h = (h + 1) / 2;
        w = (w + 1) / 2;
        scales[l] = (pst_host_scale_map){h, w, floats};
        floats += 3 * (size_t)h * (size_t)w;
    }
    return floats;
}

/* 1 3 3 1 (over 8) down the columns, then along the row. */
void pst_host_shrink_row(float *coarse, const float *const fine[4], int fine_w, float *row) {
    const size_t w = 3 * (size_t)fine_w;
    for (size_t i = 0; i < w; i++)
        row[i] = 0;
    for (int k = 0; k < 4; k++)
        if (fine[k])
            for (size_t i = 0; i < w; i++)
                row[i] += (k % 3 ? 3.0f : 1.0f) * fine[k][i];
    for (size_t x = 0; x < w; x += 6)
        for (size_t c = x; c < x + 3; c++)
            *coarse++ = ((c >= 3 ? row[c - 3] : 0) + 3 * row[c] + (c + 3 < w ? 3 * row[c + 3] : 0) +
                         (c + 6 < w ? row[c + 6] : 0)) *
                        (1.0f / 64);
}

void pst_host_widen_row(float *to, const float *from, const float *map, int fine_w, const float *coarse, int coarse_h,
                        int y, float gain, float *row) {
    const size_t w = 3 * (size_t)fine_w, cw = 3 * (((size_t)fine_w + 1) / 2);
    /* 3 parts of the row above, and 1 of that on the other side. */
    const int near = y / 2, far = y % 2 ? near + 1 : near - 1;
    const float *a = coarse + (size_t)near * cw;
    if (far >= 0 && far < coarse_h) {
        const float *b = coarse + (size_t)far * cw;
        for (size_t i = 0; i < cw; i++)
            row[i] = 3 * a[i] + b[i];
    } else {
        for (size_t i = 0; i < cw; i++)
            row[i] = 3 * a[i];
    }
    const float part = gain / 16;
    for (size_t x = 0, j = 0; x < w; x += 6, j += 3)
        for (size_t c = 0; c < 6 && x + c < w; c++) {
            const size_t here = j + c % 3;
            const float other = c < 3 ? (j ? row[here - 3] : 0) : j + 3 < cw ? row[here + 3] : 0;
            const float sum = map[x + c] + (3 * row[here] + other) * part;
            to[x + c] = from ? from[x + c] + sum : sum;
        }
}

void pst_host_spread_coarse(float *maps, const pst_host_scale_map scales[PST_SPREAD_LEVELS + 1], float *row) {
    for (int l = 1; l < PST_SPREAD_LEVELS; l++) {
        const pst_host_scale_map *fine = &scales[l], *coarse = &scales[l + 1];
        const size_t w = 3 * (size_t)fine->w;
        for (int y = 0; y < coarse->h; y++) {
            const float *rows[4];
            for (int k = 0; k < 4; k++) {
                const int at = 2 * y - 1 + k;
                rows[k] = at >= 0 && at < fine->h ? maps + fine->at + (size_t)at * w : NULL;
            }
            pst_host_shrink_row(maps + coarse->at + 3 * (size_t)y * (size_t)coarse->w, rows, fine->w, row);
        }
    }
    for (int l = PST_SPREAD_LEVELS - 1; l >= 1; l--) {
        const pst_host_scale_map *fine = &scales[l], *coarse = &scales[l + 1];
        for (int y = 0; y < fine->h; y++) {
            float *at = maps + fine->at + 3 * (size_t)y * (size_t)fine->w;
            pst_host_widen_row(at, NULL, at, fine->w, maps + coarse->at, coarse->h, y, 1, row);
        }
    }
}
