/* Smoothness losses of an image x [h][w][3], or of a window on one, and their gradients: sums: the loss over the pixels
 * of the window that are in its `part`; d (+)= scale * the gradient. The image has image_h x image_w pixels. */

#define PART int part_y, int part_x, int part_h, int part_w, int image_h, int image_w
#define IN_PART (row >= part_y && row - part_y < part_h && column >= part_x && column - part_x < part_w)

/* Factors of a loss: of differences across and down, and of diagonal ones. */
typedef struct factors {
    float straight, slanted;
} factors;

/* ---- a pixel anywhere: its share of the loss; *g: the gradient ---- */

/* dx^2 + dy^2 over the pixels with both a right and a lower neighbor; *g: of its half */
static inline float squares_at(global const float *x, int h, int w, int row, int column, factors f, float3 *g) {
    int pixel = row * w + column;
    bool below = row + 1 < h, right = column + 1 < w;
    float3 here = vload3(pixel, x);
    float sum = 0.0f;
    *g = 0.0f;
    if (below && right) {
        float3 dx = vload3(pixel + 1, x) - here, dy = vload3(pixel + w, x) - here;
        *g -= dx + dy;
        sum = dot(dx, dx) + dot(dy, dy);
    }
    if (below && column > 0)
        *g += here - vload3(pixel - 1, x);
    if (right && row > 0)
        *g += here - vload3(pixel - w, x);
    return sum;
}

/* |dx| + |dy|; *g is 0 where neighbors are equal */
static inline float absolute_at(global const float *x, int h, int w, int row, int column, factors f, float3 *g) {
    int pixel = row * w + column;
    float3 here = vload3(pixel, x), zero = 0.0f;
    float3 right = column + 1 < w ? vload3(pixel + 1, x) - here : zero,
           below = row + 1 < h ? vload3(pixel + w, x) - here : zero;
    float3 left = column > 0 ? here - vload3(pixel - 1, x) : zero, above = row > 0 ? here - vload3(pixel - w, x) : zero;
    float3 size = fabs(right) + fabs(below);
    *g = (sign(left) - sign(right)) + (sign(above) - sign(below));
    return size.x + size.y + size.z;
}

/* 2 (dx^2 + dy^2) / (3 n) + (both diagonals' squared differences) / (6 m), n = 3 h w, m = 3 (h + 1) (w + 1), of the
 * image with its border replicated; *g: of its half. The diagonals of a replicated border are differences along it:
 * with the index of a neighbor clamped, each place (row, column) of the cells -1 .. h-1, -1 .. w-1 has both its
 * diagonals, and a pixel is a corner of the four cells around it. Border pixels are also the replicas in cells outside.
 */
static inline float nine_point_at(global const float *x, int h, int w, int row, int column, factors f, float3 *g) {
    int pixel = row * w + column;
    float3 here = vload3(pixel, x), straight = 0.0f, slanted = 0.0f;
    float squares = 0.0f, diagonals = 0.0f;
    if (column + 1 < w) {
        float3 e = here - vload3(pixel + 1, x);
        straight += e;
        squares += dot(e, e);
    }
    if (row + 1 < h) {
        float3 e = here - vload3(pixel + w, x);
        straight += e;
        squares += dot(e, e);
    }
    if (column > 0)
        straight += here - vload3(pixel - 1, x);
    if (row > 0)
        straight += here - vload3(pixel - w, x);
    /* The pixel and its replicas (py, px) in the padded image, their diagonal neighbors there, clamped. */
    for (int py = row - (row == 0); py <= row + (row == h - 1); py++)
        for (int px = column - (column == 0); px <= column + (column == w - 1); px++)
            for (int k = 0; k < 4; k++) {
                int y = py + (k & 1 ? 1 : -1), z = px + (k & 2 ? 1 : -1);
                if (y >= -1 && y <= h && z >= -1 && z <= w) {
                    float3 e = here - vload3(clamp(y, 0, h - 1) * w + clamp(z, 0, w - 1), x);
                    slanted += e;
                    if (k & 1)
                        diagonals += dot(e, e);
                }
            }
    *g = f.straight * straight + f.slanted * slanted;
    return f.straight * squares + f.slanted * diagonals;
}

/* d (+)= g at a pixel of the image. */
static inline void give_pixel(float3 g, int pixel, int accumulate, global float *d) {
    if (accumulate)
        g += vload3(pixel, d);
    vstore3(g, pixel, d);
}

#if PST_CPU
/* ---- the same for floats at p whose neighbors are all there, w3 floats from row to row; as many as T has ---- */

#define LOAD_float(p) (*(p))
#define LOAD_float16(p) vload16(0, p)

#define INSIDE(T)                                                                                                 \
    static inline T squares_inside_##T(global const float *p, int w3, factors f, T *g) {                          \
        T here = LOAD_##T(p), dx = LOAD_##T(p + 3) - here, dy = LOAD_##T(p + w3) - here;                          \
        *g = (here - LOAD_##T(p - 3)) + (here - LOAD_##T(p - w3)) - (dx + dy);                                    \
        return dx * dx + dy * dy;                                                                                 \
    }                                                                                                             \
    static inline T absolute_inside_##T(global const float *p, int w3, factors f, T *g) {                         \
        T here = LOAD_##T(p), right = LOAD_##T(p + 3) - here, below = LOAD_##T(p + w3) - here;                    \
        *g = (sign(here - LOAD_##T(p - 3)) - sign(right)) + (sign(here - LOAD_##T(p - w3)) - sign(below));        \
        return fabs(right) + fabs(below);                                                                         \
    }                                                                                                             \
    static inline T nine_point_inside_##T(global const float *p, int w3, factors f, T *g) {                       \
        T here = LOAD_##T(p), right = here - LOAD_##T(p + 3), below = here - LOAD_##T(p + w3),                    \
          right_below = here - LOAD_##T(p + w3 + 3), left_below = here - LOAD_##T(p + w3 - 3);                    \
        T straight = (right + below) + ((here - LOAD_##T(p - 3)) + (here - LOAD_##T(p - w3))),                    \
          slanted = (right_below + left_below) + ((here - LOAD_##T(p - w3 - 3)) + (here - LOAD_##T(p - w3 + 3))); \
        *g = f.straight * straight + f.slanted * slanted;                                                         \
        return f.straight * (right * right + below * below) +                                                     \
               f.slanted * (right_below * right_below + left_below * left_below);                                 \
    }
INSIDE(float)
INSIDE(float16)

/* Pixels from `first` to before `last`: where all neighbors are there and all are in the part or none, in one go. */
#define SMOOTHNESS_OF_ALL(name)                                           \
    int first = (int)((long)h * w * get_group_id(0) / PARTS),             \
        last = (int)((long)h * w * (get_group_id(0) + 1) / PARTS);        \
    float16 sums16 = 0.0f;                                                \
    for (int pixel = first; pixel < last;) {                              \
        int row = pixel / w, column = pixel % w, end = w - 1;             \
        bool counted = IN_PART;                                           \
        if (row == 0 || row == h - 1 || column == 0 || column == w - 1) { \
            float3 g;                                                     \
            float s = name##_at(x, h, w, row, column, f, &g);             \
            sum += counted ? s : 0.0f;                                    \
            give_pixel(g *scale, pixel, accumulate, d);                   \
            pixel++;                                                      \
            continue;                                                     \
        }                                                                 \
        if (column < part_x)                                              \
            end = min(end, part_x);                                       \
        else if (column - part_x < part_w)                                \
            end = min(end, part_x + part_w);                              \
        end = min(last - pixel, end - column);                            \
        int at = 3 * pixel, stop = at + 3 * end;                          \
        pixel += end;                                                     \
        for (; at + 16 <= stop; at += 16) {                               \
            float16 g, s = name##_inside_float16(x + at, 3 * w, f, &g);   \
            sums16 += counted ? s : (float16)(0.0f);                      \
            g *= scale;                                                   \
            vstore16(accumulate ? g + vload16(0, d + at) : g, 0, d + at); \
        }                                                                 \
        for (; at < stop; at++) {                                         \
            float g, s = name##_inside_float(x + at, 3 * w, f, &g);       \
            sum += counted ? s : 0.0f;                                    \
            g *= scale;                                                   \
            d[at] = accumulate ? g + d[at] : g;                           \
        }                                                                 \
    }                                                                     \
    sum += wide_sum(sums16);
#else
#define SMOOTHNESS_OF_ALL(name)                           \
    FOR_SHARE(pixel, h * w) {                             \
        int row = pixel / w, column = pixel % w;          \
        float3 g;                                         \
        float s = name##_at(x, h, w, row, column, f, &g); \
        sum += IN_PART ? s : 0.0f;                        \
        give_pixel(g *scale, pixel, accumulate, d);       \
    }
#endif

#define ARGUMENTS                                                                                                \
    global const float *x, int h, int w, PART, float scale, int accumulate, global float *d, global float *sums, \
        int slot

#define SMOOTHNESS(name, straight, slanted, times) \
    SUM_SCRATCH                                    \
    const factors f = {straight, slanted};         \
    float sum = 0.0f;                              \
    scale *= times;                                \
    SMOOTHNESS_OF_ALL(name)                        \
    PUT_SUM(sum, sums, slot);

SUM_KERNEL void smoothness(ARGUMENTS){SMOOTHNESS(squares, 1.0f, 0.0f, 1.0f)}

SUM_KERNEL void smoothness_absolute(ARGUMENTS){SMOOTHNESS(absolute, 1.0f, 0.0f, 1.0f)}

SUM_KERNEL void smoothness_nine_point(ARGUMENTS) {
    SMOOTHNESS(nine_point, 2.0f / (9.0f * (float)image_h * (float)image_w),
               1.0f / (18.0f * (float)(image_h + 1) * (float)(image_w + 1)), 2.0f)
}
