/* The image's scales, for the optimizer: a map is [row][column][3], the next coarser one half of it each way, rounded
 * up.
 *
 * shrink takes 1 3 3 1 (over 8) each way around each place, what lies outside being zero; widen is its transpose
 * times 4. */

/* A map, or a window on one: what is in memory begins at place (m_y, m_x) of the map, with `m_across` places a row. */
#define MAP(space, m) space const float *m, int m##_y, int m##_x, int m##_across
#define WHOLE(m, w) m, 0, 0, w
#define AT(m, y, x) (((y)-m##_y) * m##_across + (x)-m##_x)

/* Place (y, x) of the map that is half of `fine` [h][w]. */
#define SHRUNK(name, space)                                                                  \
    static inline float3 name(MAP(space, fine), int h, int w, int y, int x) {                \
        float3 sum = 0.0f;                                                                   \
        y = 2 * y - 1;                                                                       \
        x = 2 * x - 1;                                                                       \
        for (int i = 0; i < 4; i++)                                                          \
            for (int j = 0; j < 4; j++)                                                      \
                if (y + i >= 0 && y + i < h && x + j >= 0 && x + j < w)                      \
                    sum = FMA(vload3(AT(fine, y + i, x + j), fine),                          \
                              (float3)((i % 3 ? 3.0f : 1.0f) * (j % 3 ? 3.0f : 1.0f)), sum); \
        return sum * (1.0f / 64);                                                            \
    }

/* Place (y, x) of a map [h][w], which holds `here`, with the coarser map added: 3 parts of the place above, and 1 of
 * that on the other side. */
#define WIDENED(name, space)                                                                             \
    static inline float3 name(float3 here, MAP(space, coarse), int h, int w, float gain, int y, int x) { \
        int ch = (h + 1) / 2, cw = (w + 1) / 2, i = y / 2, j = x / 2;                                    \
        int i2 = y % 2 ? i + 1 : i - 1, j2 = x % 2 ? j + 1 : j - 1;                                      \
        float3 sum = vload3(AT(coarse, i, j), coarse) * 9.0f;                                            \
        if (i2 >= 0 && i2 < ch)                                                                          \
            sum = FMA(vload3(AT(coarse, i2, j), coarse), (float3)(3.0f), sum);                           \
        if (j2 >= 0 && j2 < cw)                                                                          \
            sum = FMA(vload3(AT(coarse, i, j2), coarse), (float3)(3.0f), sum);                           \
        if (i2 >= 0 && i2 < ch && j2 >= 0 && j2 < cw)                                                    \
            sum += vload3(AT(coarse, i2, j2), coarse);                                                   \
        return FMA(sum, (float3)(gain / 16), here);                                                      \
    }

#if PST_CPU
/* Row by row: first down the columns, of a few places at a time, then along the row. */
#define PLACES 64
#define ROW_FLOATS (3 * (2 * PLACES + 2))

/* row = its floats from `first` on, some of which may lie outside, of `rows` rows with so many floats; NULL: zeros */
static inline void add_rows(global const float *const *rows, const float *factors, int count, int floats, int first,
                            float *row, int length) {
    for (int i = 0; i < length; i++)
        row[i] = 0.0f;
    int begin = max(0, -first), end = min(length, floats - first), i;
    for (int k = 0; k < count; k++)
        if (rows[k]) {
            global const float *from = rows[k] + first;
            for (i = begin; i + 16 <= end; i += 16)
                vstore16(FMA(vload16(0, from + i), (float16)(factors[k]), vload16(0, row + i)), 0, row + i);
            for (; i < end; i++)
                row[i] = FMA(from[i], factors[k], row[i]);
        }
}

EACH_KERNEL void shrink(global const float *fine, int fine_at, int h, int w, global float *coarse, int coarse_at) {
    const float factors[4] = {1.0f, 3.0f, 3.0f, 1.0f};
    int across = (w + 1) / 2;
    FOR_EACH(y, (h + 1) / 2)
        for (int x = 0; x < across; x += PLACES) {
            float row[ROW_FLOATS];
            global const float *rows[4];
            int places = min(PLACES, across - x);
            for (int i = 0; i < 4; i++) {
                int from = 2 * y - 1 + i;
                rows[i] = from >= 0 && from < h ? fine + fine_at + 3 * from * w : 0;
            }
            add_rows(rows, factors, 4, 3 * w, 3 * (2 * x - 1), row, 3 * (2 * places + 2));
            for (int i = 0; i < places; i++) {
                float3 outer = vload3(2 * i, row) + vload3(2 * i + 3, row),
                       inner = vload3(2 * i + 1, row) + vload3(2 * i + 2, row);
                vstore3((outer + 3.0f * inner) * (1.0f / 64), y * across + x + i, coarse + coarse_at);
            }
        }
}

/* to = from + (map + gain * widen(coarse)); has_from 0: from is zero. `to` may be `from` or `map`. */
EACH_KERNEL void widen(global float *to, global const float *from, int has_from, global const float *map, int map_at,
                       int h, int w, global const float *coarse, int coarse_at, float gain) {
    const float factors[2] = {3.0f, 1.0f};
    int ch = (h + 1) / 2, cw = (w + 1) / 2;
    to += has_from ? 0 : map_at;
    FOR_EACH(y, h)
        for (int x = 0; x < w; x += 2 * PLACES) {
            float row[ROW_FLOATS];
            int near = y / 2, far = y % 2 ? near + 1 : near - 1, end = min(w, x + 2 * PLACES);
            global const float *rows[2] = {coarse + coarse_at + 3 * near * cw,
                                           far >= 0 && far < ch ? coarse + coarse_at + 3 * far * cw : 0};
            add_rows(rows, factors, 2, 3 * cw, 3 * (x / 2 - 1), row, 3 * ((end - x + 1) / 2 + 2));
            for (int place = x; place < end; place++) {
                int j = (place - x) / 2 + 1, beside = place % 2 ? j + 1 : j - 1, p = y * w + place;
                float3 sum = FMA(FMA(vload3(j, row), (float3)(3.0f), vload3(beside, row)), (float3)(gain / 16),
                                 vload3(p, map + map_at));
                vstore3(has_from ? vload3(p, from) + sum : sum, p, to);
            }
        }
}
#else
SHRUNK(shrunk, global)

EACH_KERNEL void shrink(global const float *fine, int fine_at, int h, int w, global float *coarse, int coarse_at) {
    int across = (w + 1) / 2;
    FOR_EACH(p, (h + 1) / 2 * across)
        vstore3(shrunk(WHOLE(fine + fine_at, w), h, w, p / across, p % across), p, coarse + coarse_at);
}

WIDENED(widened, global)

EACH_KERNEL void widen(global float *to, global const float *from, int has_from, global const float *map, int map_at,
                       int h, int w, global const float *coarse, int coarse_at, float gain) {
    to += has_from ? 0 : map_at;
    FOR_EACH(p, h * w) {
        float3 sum = widened(vload3(p, map + map_at), WHOLE(coarse + coarse_at, (w + 1) / 2), h, w, gain, p / w, p % w);
        vstore3(has_from ? vload3(p, from) + sum : sum, p, to);
    }
}

/* On a GPU all that follows the first shrinking is one launch: a group makes a part of the image, with all that it
 * depends on in the coarser scales, for launches cost more than what is computed twice. */
#define SIDE 32                 /* of the part */
#define ACROSS2 (SIDE / 4 + 14) /* of the windows on scales 2 to 4: scale 4 needs a place around its own, and */
#define ACROSS3 (SIDE / 8 + 6)  /* each finer one twice as many and one more */
#define ACROSS4 (SIDE / 16 + 2)
#define ACROSS1 (SIDE / 2 + 2) /* of that on scale 1 when the coarser ones are in it */

SHRUNK(shrunk_local, local)
WIDENED(widened_local, local)

/* The places of a square of a map [h][w] that are in the map, shared out among the group. */
#define FOR_SQUARE(y, x, first_y, first_x, across, h, w)                            \
    for (int at = get_local_id(0), y, x; at < (across) * (across); at += SUM_GROUP) \
        if (y = (first_y) + at / (across), x = (first_x) + at % (across), y >= 0 && y < (h) && x >= 0 && x < (w))

/* coarse = fine, shrunk */
static inline void shrink_window(MAP(local, fine), int h, int w, local float *coarse, int first_y, int first_x,
                                 int across) {
    FOR_SQUARE(y, x, first_y, first_x, across, (h + 1) / 2, (w + 1) / 2)
    vstore3(shrunk_local(fine, fine_y, fine_x, fine_across, h, w, y, x), at, coarse);
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* A square of `map` += widen(coarse) */
static inline void widen_window(local float *map, int map_y, int map_x, int map_across, int h, int w, int first_y,
                                int first_x, int across, MAP(local, coarse)) {
    FOR_SQUARE(y, x, first_y, first_x, across, h, w) {
        int p = AT(map, y, x);
        vstore3(widened_local(vload3(p, map), coarse, coarse_y, coarse_x, coarse_across, h, w, 1.0f, y, x), p, map);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* to = from + P v, from v [h][w] and `half`, which is v shrunk; has_from 0: from is zero. `to` may be `from` or `v`.
 * group ids: (part of the image across, down, -) */
__attribute__((reqd_work_group_size(SUM_GROUP, 1, 1))) kernel void spread(global float *to, global const float *from,
                                                                          int has_from, global const float *v, int h,
                                                                          int w, global const float *half_v,
                                                                          float gain) {
    local float scale1[3 * ACROSS1 * ACROSS1], scale2[3 * ACROSS2 * ACROSS2], scale3[3 * ACROSS3 * ACROSS3],
        scale4[3 * ACROSS4 * ACROSS4];
    int y0 = get_group_id(1) * SIDE, x0 = get_group_id(0) * SIDE;
    int h1 = (h + 1) / 2, w1 = (w + 1) / 2, h2 = (h1 + 1) / 2, w2 = (w1 + 1) / 2, h3 = (h2 + 1) / 2, w3 = (w2 + 1) / 2;
    int y1 = y0 / 2 - 1, x1 = x0 / 2 - 1, y2 = y0 / 4 - 7, x2 = x0 / 4 - 7, y3 = y0 / 8 - 3, x3 = x0 / 8 - 3,
        y4 = y0 / 16 - 1, x4 = x0 / 16 - 1;
    FOR_SQUARE(y, x, y2, x2, ACROSS2, h2, w2)
    vstore3(shrunk(WHOLE(half_v, w1), h1, w1, y, x), at, scale2);
    barrier(CLK_LOCAL_MEM_FENCE);
    shrink_window(scale2, y2, x2, ACROSS2, h2, w2, scale3, y3, x3, ACROSS3);
    shrink_window(scale3, y3, x3, ACROSS3, h3, w3, scale4, y4, x4, ACROSS4);
    widen_window(scale3, y3, x3, ACROSS3, h3, w3, y0 / 8 - 1, x0 / 8 - 1, SIDE / 8 + 2, scale4, y4, x4, ACROSS4);
    widen_window(scale2, y2, x2, ACROSS2, h2, w2, y0 / 4 - 1, x0 / 4 - 1, SIDE / 4 + 2, scale3, y3, x3, ACROSS3);
    FOR_SQUARE(y, x, y1, x1, ACROSS1, h1, w1)
    vstore3(widened_local(vload3(y * w1 + x, half_v), scale2, y2, x2, ACROSS2, h1, w1, 1.0f, y, x), at, scale1);
    barrier(CLK_LOCAL_MEM_FENCE);
    FOR_SQUARE(y, x, y0, x0, SIDE, h, w) {
        int p = y * w + x;
        float3 sum = widened_local(vload3(p, v), scale1, y1, x1, ACROSS1, h, w, gain, y, x);
        vstore3(has_from ? vload3(p, from) + sum : sum, p, to);
    }
}
#endif
