#include "image/mask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/plane.h"

#define FLAT 24          /* levels by which the neighbors of a flat pixel may differ from it, a channel */
#define PURE 24          /* ... and a pixel from its region's color, in all */
#define ONE_COLOR 40     /* colors nearer to each other than this are the same */
#define SAME_COLOR 60    /* ... in two files */
#define LEAST_AREA 0.001 /* of a region */
#define CELLS 32         /* of the histogram, a channel */
#define NEAR 2           /* pixels from an edge to what is flat; where nothing is, as many as FAR */
#define FAR 8
#define CANDIDATES_MAX 64
#define LEAST_PURE 0.15 /* of a mask: a photograph has less that is of a few flat colors */

typedef struct cell {
    size_t count;
    bool taken;
    double sum[3];
} cell;

typedef struct candidate {
    double color[3];
    size_t count;         /* its pixels: near the color and not nearer to one that was found before */
    size_t near, at_peak; /* all pixels near the color, and very near */
} candidate;

static double distance(const double a[3], const double b[3]) {
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

/* How far c is from what lies between a and b; *part: where it is nearest, 0 at a and 1 at b. */
static double distance_between(const double a[3], const double b[3], const double c[3], double *part) {
    double length = 0, along = 0, at[3];
    for (int k = 0; k < 3; k++) {
        length += (b[k] - a[k]) * (b[k] - a[k]);
        along += (b[k] - a[k]) * (c[k] - a[k]);
    }
    *part = length > 0 ? along / length : 0;
    *part = *part < 0 ? 0 : *part > 1 ? 1 : *part;
    for (int k = 0; k < 3; k++)
        at[k] = a[k] + *part * (b[k] - a[k]);
    return distance(at, c);
}

static void color_of(const pst_image *image, size_t pixel, double color[3]) {
    for (int k = 0; k < 3; k++)
        color[k] = (double)image->rgb[3 * pixel + (size_t)k];
}

/* ---- the colors ---- */

static bool is_flat(const pst_image *image, int y, int x) {
    const float *here = image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < image->height; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < image->width; u++) {
            const float *other = image->rgb + 3 * ((size_t)v * (size_t)image->width + (size_t)u);
            for (int k = 0; k < 3; k++)
                if (fabsf(other[k] - here[k]) > FLAT)
                    return false;
        }
    return true;
}

/* Marks what is flat; where next to nothing is, as in a mask of a few pixels, all of it. */
static void find_flat(const pst_image *image, uint8_t *flat) {
    size_t pixels = (size_t)image->width * (size_t)image->height, count = 0;
    for (size_t i = 0; i < pixels; i++)
        count += flat[i] = is_flat(image, (int)(i / (size_t)image->width), (int)(i % (size_t)image->width));
    if (count < pixels / 10 + 1)
        memset(flat, 1, pixels);
}

/* Returns how many cells have pixels; these come first. */
static size_t count_cells(const pst_image *image, const uint8_t *flat, cell *cells) {
    size_t pixels = (size_t)image->width * (size_t)image->height, used = 0;
    for (size_t i = 0; i < pixels; i++) {
        if (!flat[i])
            continue;
        size_t at = 0;
        for (size_t k = 0; k < 3; k++)
            at = at * CELLS + (size_t)(fminf(image->rgb[3 * i + k], 255) / (256.0f / CELLS));
        cells[at].count++;
        for (size_t k = 0; k < 3; k++)
            cells[at].sum[k] += (double)image->rgb[3 * i + k];
    }
    for (size_t i = 0; i < CELLS * CELLS * CELLS; i++)
        if (cells[i].count)
            cells[used++] = cells[i];
    return used;
}

static void mean_of(const cell *c, double color[3]) {
    for (int k = 0; k < 3; k++)
        color[k] = c->sum[k] / (double)c->count;
}

/* Adds up the cells within `reach` of a color, all or those not taken yet; returns their mean in *mean (NULL: not
 * wanted). */
static size_t gather(cell *cells, size_t used, const double color[3], double reach, bool all, bool take, double *mean) {
    double sum[3] = {0}, own[3];
    size_t count = 0;
    for (size_t i = 0; i < used; i++) {
        if (cells[i].taken && !all)
            continue;
        mean_of(&cells[i], own);
        if (distance(own, color) > reach)
            continue;
        count += cells[i].count;
        cells[i].taken = cells[i].taken || take;
        for (int k = 0; k < 3; k++)
            sum[k] += cells[i].sum[k];
    }
    for (int k = 0; k < 3 && mean && count; k++)
        mean[k] = sum[k] / (double)count;
    return count;
}

/* The fullest cell that is not taken, and the middle of what is around it, which is taken. False when nothing is left.
 */
static bool next_candidate(cell *cells, size_t used, candidate *found) {
    const cell *fullest = NULL;
    *found = (candidate){0};
    for (size_t i = 0; i < used; i++)
        if (!cells[i].taken && (!fullest || cells[i].count > fullest->count))
            fullest = &cells[i];
    if (!fullest)
        return false;
    mean_of(fullest, found->color);
    for (int round = 0; round < 3; round++) {
        double center[3] = {found->color[0], found->color[1], found->color[2]};
        gather(cells, used, center, ONE_COLOR * 0.5, false, false, found->color);
    }
    found->count = gather(cells, used, found->color, ONE_COLOR, false, true, NULL);
    found->near = gather(cells, used, found->color, ONE_COLOR, true, false, NULL);
    found->at_peak = gather(cells, used, found->color, ONE_COLOR * 0.35, true, false, NULL);
    return true;
}

static int by_count(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    for (int k = 0; k < 3; k++) /* in an order that every library's qsort keeps */
        if (x->color[k] != y->color[k])
            return x->color[k] < y->color[k] ? 1 : -1;
    return 0;
}

/* Is it but a step on the way from one of the others to another? A flat color has nearly all its pixels at its peak; a
 * passage has them spread out along the way. */
static bool is_passage(const candidate *all, size_t count, size_t which) {
    double part;
    if (2 * all[which].at_peak > all[which].near)
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (i != which && j != which &&
                distance_between(all[i].color, all[j].color, all[which].color, &part) < ONE_COLOR * 0.8 &&
                part > 0.05 && part < 0.95)
                return true;
    return false;
}

static pst_status find_colors(pst_error *error, const pst_image *image, const uint8_t *flat, candidate *colors,
                              size_t *count) {
    size_t pixels = (size_t)image->width * (size_t)image->height, least = (size_t)(LEAST_AREA * (double)pixels);
    cell *cells = NULL;
    candidate next;
    pst_status status;
    *count = 0;
    PST_TRY(pst_allocate(error, CELLS * CELLS * CELLS, sizeof *cells, &cells));
    size_t used = count_cells(image, flat, cells);
    for (int tries = 0; tries < 4 * CANDIDATES_MAX && *count < CANDIDATES_MAX && next_candidate(cells, used, &next);
         tries++)
        if (next.count > least)
            colors[(*count)++] = next;
    qsort(colors, *count, sizeof *colors, by_count);
    for (size_t i = *count; i-- > 0;) /* from the smallest up, so that the ends of a passage stay */
        if (is_passage(colors, *count, i))
            memmove(colors + i, colors + i + 1, (--*count - i) * sizeof *colors);
    if (*count > PST_MASK_COLORS_MAX)
        status = pst_fail(error, PST_ERROR_ARGUMENT,
                          "has more than %d colors; in a mask each region has one flat color", PST_MASK_COLORS_MAX);
    else if (!*count)
        status = pst_fail(error, PST_ERROR_ARGUMENT, "has no flat colors; in a mask each region has one flat color");
cleanup:
    pst_free(cells);
    return status;
}

/* ---- the shares ---- */

/* Which colors are pure within so many pixels: bits. */
static unsigned colors_around(const pst_mask *mask, const uint8_t *pure, int y, int x, int reach) {
    unsigned found = 0;
    for (int v = y > reach ? y - reach : 0; v <= y + reach && v < mask->height; v++)
        for (int u = x > reach ? x - reach : 0; u <= x + reach && u < mask->width; u++) {
            uint8_t label = pure[(size_t)v * (size_t)mask->width + (size_t)u];
            found |= label ? 1u << (label - 1) : 0;
        }
    return found;
}

static bool is_one_at_most(unsigned set) { return (set & (set - 1)) == 0; }

/* The two of the allowed colors between which a color is, or nearest to being. */
static void share(const candidate *colors, size_t count, unsigned allowed, const double color[3], uint8_t *first,
                  uint8_t *second, uint8_t *part) {
    double best = INFINITY, at;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++) {
            if (!(allowed >> i & 1) || !(allowed >> j & 1))
                continue;
            double away = distance_between(colors[i].color, colors[j].color, color, &at);
            if (away < best - 1e-9) {
                best = away;
                *first = (uint8_t)i, *second = (uint8_t)j, *part = (uint8_t)(255 * at + 0.5);
            }
        }
}

static pst_status find_shares(pst_error *error, const pst_image *image, const uint8_t *flat, const candidate *colors,
                              pst_mask *mask) {
    size_t pixels = (size_t)mask->width * (size_t)mask->height;
    uint8_t *pure = NULL; /* 1 + the color; 0: of none */
    size_t pure_count = 0;
    double color[3];
    pst_status status;
    PST_TRY(pst_allocate(error, pixels, 1, &pure));
    for (size_t i = 0; i < pixels; i++) {
        color_of(image, i, color);
        double nearest = PURE;
        for (size_t k = 0; k < mask->count && flat[i]; k++) {
            double away = distance(color, colors[k].color);
            if (away <= nearest) {
                nearest = away;
                pure[i] = (uint8_t)(k + 1);
            }
        }
        pure_count += pure[i] > 0;
    }
    if ((double)pure_count < LEAST_PURE * (double)pixels) {
        status =
            pst_fail(error, PST_ERROR_ARGUMENT, "has hardly any flat colors; in a mask each region has one flat color");
        goto cleanup;
    }
    for (size_t i = 0; i < pixels; i++) {
        int y = (int)(i / (size_t)mask->width), x = (int)(i % (size_t)mask->width);
        unsigned allowed = pure[i] ? 1u << (pure[i] - 1) : colors_around(mask, pure, y, x, NEAR);
        if (!pure[i] && is_one_at_most(allowed))
            allowed = colors_around(mask, pure, y, x, FAR);
        if (!pure[i] && is_one_at_most(allowed)) /* far out on a soft edge: any may be at the other end */
            allowed = ~0u;
        color_of(image, i, color);
        share(colors, mask->count, allowed, color, &mask->first[i], &mask->second[i], &mask->part[i]);
        mask->areas[mask->first[i]] += (1 - mask->part[i] / 255.0) / (double)pixels;
        mask->areas[mask->second[i]] += mask->part[i] / 255.0 / (double)pixels;
    }
cleanup:
    pst_free(pure);
    return status;
}

pst_status pst_mask_create(pst_error *error, const pst_image *image, pst_mask **result) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    candidate colors[CANDIDATES_MAX];
    pst_mask *mask = NULL;
    uint8_t *flat = NULL;
    pst_status status;
    *result = NULL;
    PST_TRY(pst_allocate(error, pixels, 1, &flat));
    PST_TRY(pst_allocate(error, 1, sizeof *mask, &mask));
    mask->width = image->width;
    mask->height = image->height;
    find_flat(image, flat);
    PST_TRY(find_colors(error, image, flat, colors, &mask->count));
    for (size_t k = 0; k < mask->count && k < PST_MASK_COLORS_MAX; k++)
        for (int c = 0; c < 3; c++)
            mask->colors[k][c] = (uint8_t)(colors[k].color[c] + 0.5);
    PST_TRY(pst_allocate(error, pixels, 1, &mask->first));
    PST_TRY(pst_allocate(error, pixels, 1, &mask->second));
    PST_TRY(pst_allocate(error, pixels, 1, &mask->part));
    PST_TRY(find_shares(error, image, flat, colors, mask));
    *result = mask;
    mask = NULL;
cleanup:
    pst_free(flat);
    pst_mask_destroy(mask);
    return status;
}

void pst_mask_destroy(pst_mask *mask) {
    if (!mask)
        return;
    pst_free(mask->first);
    pst_free(mask->second);
    pst_free(mask->part);
    pst_free(mask);
}

int pst_mask_find(const pst_mask *mask, const uint8_t color[3]) {
    int found = -1;
    double nearest = SAME_COLOR, wanted[3] = {color[0], color[1], color[2]};
    for (size_t k = 0; k < mask->count; k++) {
        double own[3] = {mask->colors[k][0], mask->colors[k][1], mask->colors[k][2]}, away = distance(own, wanted);
        if (away <= nearest) {
            nearest = away;
            found = (int)k;
        }
    }
    return found;
}

pst_status pst_mask_add_plane(pst_error *error, const pst_mask *mask, size_t color, int width, int height,
                              float *plane) {
    size_t pixels = (size_t)mask->width * (size_t)mask->height;
    float *own = NULL, *sized = NULL;
    pst_status status;
    PST_TRY(pst_allocate(error, pixels, sizeof(float), &own));
    PST_TRY(pst_allocate(error, (size_t)width * (size_t)height, sizeof(float), &sized));
    for (size_t i = 0; i < pixels; i++) {
        float part = (float)mask->part[i] / 255.0f;
        own[i] = (mask->first[i] == color ? 1 - part : 0) + (mask->second[i] == color ? part : 0);
    }
    PST_TRY(pst_plane_resize(error, PST_FILTER_LINEAR, 1, own, mask->width, mask->height, sized, width, height));
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        plane[i] += sized[i];
cleanup:
    pst_free(own);
    pst_free(sized);
    return status;
}
