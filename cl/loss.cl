/* Content and smoothness losses with their gradients, and gradients scaled to a unit L1 norm. */

/* sums: (f - target)^2. d (may be NULL) (+)= scale * (f - target); d may be f. */
SUM_KERNEL void content(global const float *f, global const float *target, int groups, float scale, int accumulate,
                        global float *d, global float *sums, int slot) {
    SUM_SCRATCH
    wide squares = 0.0f;
    FOR_SHARE(at, groups) {
        wide e = LOADW(at, f) - LOADW(at, target);
        squares = FMA(e, e, squares);
        if (d) {
            wide v = e * scale;
            if (accumulate)
                v += LOADW(at, d);
            STOREW(v, at, d);
        }
    }
    PUT_SUM(wide_sum(squares), sums, slot);
}

/* d (+)= g at a pixel of the image. */
static inline void give_pixel(float3 g, int pixel, int accumulate, global float *d) {
    if (accumulate)
        g += vload3(pixel, d);
    vstore3(g, pixel, d);
}

/* Is a pixel in the part of the window that is summed up? */
#define COUNTED (row >= part_y && row - part_y < part_h && column >= part_x && column - part_x < part_w)
#define PART int part_y, int part_x, int part_h, int part_w, int image_h, int image_w

/* The image x [h][w][3], or a window of it: sums: dx^2 + dy^2 over the pixels with both a right and a lower neighbor;
 * d (+)= scale * its half's gradient. */
SUM_KERNEL void smoothness(global const float *x, int h, int w, PART, float scale, int accumulate, global float *d,
                           global float *sums, int slot) {
    SUM_SCRATCH
    float sum = 0.0f;
    FOR_SHARE(pixel, h * w) {
        int row = pixel / w, column = pixel % w;
        float3 here = vload3(pixel, x), g = 0.0f;
        bool below = row + 1 < h, right = column + 1 < w;
        if (below && right) {
            float3 dx = vload3(pixel + 1, x) - here, dy = vload3(pixel + w, x) - here;
            g -= dx + dy;
            sum += COUNTED ? dot(dx, dx) + dot(dy, dy) : 0.0f;
        }
        if (below && column > 0)
            g += here - vload3(pixel - 1, x);
        if (right && row > 0)
            g += here - vload3(pixel - w, x);
        g *= scale;
        give_pixel(g, pixel, accumulate, d);
    }
    PUT_SUM(sum, sums, slot);
}

/* sums: |dx| + |dy|; d (+)= scale * the gradient, 0 where neighbors are equal. */
SUM_KERNEL void smoothness_absolute(global const float *x, int h, int w, PART, float scale, int accumulate,
                                    global float *d, global float *sums, int slot) {
    SUM_SCRATCH
    float sum = 0.0f;
    FOR_SHARE(pixel, h * w) {
        int row = pixel / w, column = pixel % w;
        float3 here = vload3(pixel, x), zero = 0.0f;
        float3 right = column + 1 < w ? vload3(pixel + 1, x) - here : zero,
               below = row + 1 < h ? vload3(pixel + w, x) - here : zero;
        float3 left = column > 0 ? here - vload3(pixel - 1, x) : zero,
               above = row > 0 ? here - vload3(pixel - w, x) : zero;
        float3 g = ((sign(left) - sign(right)) + (sign(above) - sign(below))) * scale, size = fabs(right) + fabs(below);
        sum += COUNTED ? size.x + size.y + size.z : 0.0f;
        give_pixel(g, pixel, accumulate, d);
    }
    PUT_SUM(sum, sums, slot);
}

/* Sums 2 (dx^2 + dy^2) / (3 n) + (both diagonals' squared differences) / (6 m), n = 3 h w, m = 3 (h + 1) (w + 1), of
 * the image with its border replicated, and its gradient. The diagonals of a replicated border are differences along
 * it: with the index of a neighbor clamped, each place (row, column) of the cells -1 .. h-1, -1 .. w-1 has both its
 * diagonals, and a pixel is a corner of the four cells around it. Border pixels are also the replicas in cells outside.
 */
SUM_KERNEL void smoothness_nine_point(global const float *x, int h, int w, PART, float scale, int accumulate,
                                      global float *d, global float *sums, int slot) {
    SUM_SCRATCH
    float straight = 2.0f / (9.0f * (float)image_h * (float)image_w),
          slanted = 1.0f / (18.0f * (float)(image_h + 1) * (float)(image_w + 1)), sum = 0.0f;
    FOR_SHARE(pixel, h * w) {
        int row = pixel / w, column = pixel % w;
        float3 here = vload3(pixel, x), g = 0.0f;
        float squares = 0.0f, diagonals = 0.0f;
        if (column + 1 < w) {
            float3 e = here - vload3(pixel + 1, x);
            g += straight * e;
            squares += dot(e, e);
        }
        if (row + 1 < h) {
            float3 e = here - vload3(pixel + w, x);
            g += straight * e;
            squares += dot(e, e);
        }
        if (column > 0)
            g += straight * (here - vload3(pixel - 1, x));
        if (row > 0)
            g += straight * (here - vload3(pixel - w, x));
        /* The pixel and its replicas (py, px) in the padded image, their diagonal neighbors there, clamped. */
        for (int py = row - (row == 0); py <= row + (row == h - 1); py++)
            for (int px = column - (column == 0); px <= column + (column == w - 1); px++)
                for (int k = 0; k < 4; k++) {
                    int y = py + (k & 1 ? 1 : -1), z = px + (k & 2 ? 1 : -1);
                    if (y >= -1 && y <= h && z >= -1 && z <= w) {
                        float3 e = here - vload3(clamp(y, 0, h - 1) * w + clamp(z, 0, w - 1), x);
                        g += slanted * e;
                        if (k & 1)
                            diagonals += dot(e, e);
                    }
                }
        sum += COUNTED ? straight * squares + slanted * diagonals : 0.0f;
        g *= 2.0f * scale;
        give_pixel(g, pixel, accumulate, d);
    }
    PUT_SUM(sum, sums, slot);
}

/* d (+)= weight / (sum of sums[slot] + 1e-8) * from; `groups` of WIDE. */
EACH_KERNEL void add_normalized(global const float *from, int groups, global const float *sums, int slot, float weight,
                                int accumulate, global float *d) {
    float scale = weight / (total(sums, slot) + 1e-8f);
    FOR_EACH(at, groups) {
        wide v = LOADW(at, from) * scale;
        if (accumulate)
            v += LOADW(at, d);
        STOREW(v, at, d);
    }
}
