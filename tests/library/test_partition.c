/* How an image is taken apart: own parts cover it once, windows hold what they depend on, and little is computed twice.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "spread/partition.h"
#include "spread/ranks.h"
#include "support.h"

static uint64_t state = 5;

static int random_int(int least, int most) {
    int range = most - least + 1, i = least + (int)((test_random(&state) + 1) / 2 * (float)range);
    return i > most ? most : i;
}

static pst_tile_size square(int side) { return (pst_tile_size){.w = side, .h = side}; }

static pst_layers layers_of(const int units[5], const int channels[5], bool ceil) {
    pst_layers layers = {.ceil = ceil};
    for (int b = 0, c = 3; b < 5; b++)
        for (int u = 0; u < units[b]; u++, c = channels[b])
            layers.at[layers.count++] =
                (pst_layer){.c_in = c, .c_out = channels[b], .pooled = b < 4 && units[b + 1] && u + 1 == units[b]};
    return layers;
}

/* VGG-19 to relu5_1. */
static pst_layers vgg19(void) {
    return layers_of((const int[]){2, 2, 4, 4, 1}, (const int[]){64, 128, 256, 512, 512}, false);
}

static pst_layers random_layers(void) {
    int units[5] = {0}, channels[5];
    for (int b = 0, blocks = random_int(1, 5); b < 5; b++) {
        units[b] = b < blocks ? random_int(1, 4) : 0;
        channels[b] = 16 * random_int(1, 8);
    }
    return layers_of(units, channels, random_int(0, 1));
}

static int pooled(const pst_layers *layers, int side) { return layers->ceil ? (side + 1) / 2 : side / 2; }

/* ---- what a window makes wrong ---- */

/* A map of a window: where it lies in the map of the whole image, and which of its values and gradients are wrong. */
typedef struct map {
    pst_rect at;
    int h, w; /* of the whole map */
    char *wrong, *d_wrong;
} map;

/* What a unit is for one that depends on it: zeros around the whole map are right, what is not in the window is wrong.
 */
static bool is_wrong(const map *m, const char *flags, int y, int x) {
    if (y < 0 || x < 0 || y >= m->h || x >= m->w)
        return false;
    y -= m->at.y, x -= m->at.x;
    return y < 0 || x < 0 || y >= m->at.h || x >= m->at.w || flags[y * m->at.w + x];
}

static bool any_wrong(const map *m, const char *flags, int y, int x, int h, int w) {
    bool any = false;
    for (int i = 0; i < h * w && !any; i++)
        any = is_wrong(m, flags, y + i / w, x + i % w);
    return any;
}

/* Memory of one walk or map at a time: nothing is slower than to take it anew. */
static char memory[1 << 23];
static size_t taken;

static char *zeros(size_t count) {
    char *flags = memory + taken;
    taken += count;
    ck_assert_uint_le(taken, sizeof memory);
    return memset(flags, 0, count);
}

/* A segment's maps over a window: input, convolutions, poolings. */
typedef struct walk {
    map maps[2 * PST_LAYERS_MAX];
    bool pools[2 * PST_LAYERS_MAX]; /* a map is pooled to the next */
    size_t count;
} walk;

static void add_map(walk *k, pst_rect at, int h, int w) {
    size_t units = (size_t)(at.h * at.w);
    k->maps[k->count++] = (map){at, h, w, zeros(units), zeros(units)};
}

static void walk_forward(walk *k, const pst_layers *layers, const pst_segment *s, pst_rect window) {
    *k = (walk){0};
    taken = 0;
    add_map(k, window, s->h, s->w);
    for (size_t l = s->first; l < s->first + s->count; l++) {
        const map *from = &k->maps[k->count - 1];
        add_map(k, from->at, from->h, from->w);
        if (layers->at[l].pooled && (l + 1 < s->first + s->count || s->ends_pooled)) {
            ck_assert(from->at.y % 2 == 0 && from->at.x % 2 == 0);
            k->pools[k->count - 1] = true;
            add_map(k,
                    (pst_rect){from->at.y / 2, from->at.x / 2, pooled(layers, from->at.h), pooled(layers, from->at.w)},
                    pooled(layers, from->h), pooled(layers, from->w));
        }
    }
    for (size_t i = 1; i < k->count; i++) {
        const map *from = &k->maps[i - 1], *to = &k->maps[i];
        for (int u = 0; u < to->at.h * to->at.w; u++) {
            int y = to->at.y + u / to->at.w, x = to->at.x + u % to->at.w;
            to->wrong[u] = (char)(k->pools[i - 1] ? any_wrong(from, from->wrong, 2 * y, 2 * x, 2, 2)
                                                  : any_wrong(from, from->wrong, y - 1, x - 1, 3, 3));
        }
    }
}

/* The gradient of the last pooled map is right. That of a convolution's map is masked by its values, and the losses add
 * to it what depends on them. */
static void walk_backward(walk *k) {
    for (size_t i = k->count; i-- > 0;) {
        const map *m = &k->maps[i], *above = m + 1;
        bool last = i + 1 == k->count, given = last && i > 0 && k->pools[i - 1];
        bool values = i > 0 && !k->pools[i - 1]; /* of a convolution */
        for (int u = 0; u < m->at.h * m->at.w && !given; u++) {
            int y = m->at.y + u / m->at.w, x = m->at.x + u % m->at.w;
            bool wrong = values && m->wrong[u];
            if (!last && k->pools[i]) /* to the greatest of the four */
                wrong = wrong || is_wrong(above, above->d_wrong, y / 2, x / 2) ||
                        (y / 2 < above->h && x / 2 < above->w && any_wrong(m, m->wrong, y / 2 * 2, x / 2 * 2, 2, 2));
            else if (!last)
                wrong = wrong || any_wrong(above, above->d_wrong, y - 1, x - 1, 3, 3);
            m->d_wrong[u] = (char)wrong;
        }
    }
}

static bool part_is_right(const map *m, const char *flags, pst_rect part) {
    for (int y = part.y; y < part.y + part.h; y++)
        for (int x = part.x; x < part.x + part.w; x++)
            if (y < m->h && x < m->w && is_wrong(m, flags, y, x))
                return false;
    return true;
}

static bool all_is_right(const pst_layers *layers, const pst_segment *s, pst_rect own, pst_rect window, pst_walk way) {
    walk k;
    walk_forward(&k, layers, s, window);
    bool right = true;
    if (way == PST_WALK_BACKWARD) {
        walk_backward(&k);
        right = part_is_right(&k.maps[0], k.maps[0].d_wrong, own);
    }
    for (size_t i = 0; i < k.count; i++) {
        right = right && (way == PST_WALK_BACKWARD || part_is_right(&k.maps[i], k.maps[i].wrong, own));
        if (k.pools[i])
            own = (pst_rect){own.y / 2, own.x / 2, (own.h + 1) / 2, (own.w + 1) / 2};
    }
    return right;
}

START_TEST(what_a_window_makes_wrong_is_outside_of_its_own_part) {
    for (int i = 0, count = test_long() ? 100 : 12; i < count; i++) {
        pst_layers layers = i ? random_layers() : vgg19();
        pst_partition p = pst_partition_make(&layers, layers.count, random_int(1, 280), random_int(1, 280),
                                             (pst_tile_size){.w = i % 3 ? 64 : 128, .h = i % 4 ? 64 : 192});
        for (size_t n = 0; n < p.count; n++)
            for (int tile = 0; tile < pst_segment_tiles(&p.segments[n]); tile++)
                for (pst_walk way = PST_WALK_FORWARD; way <= PST_WALK_BACKWARD; way++)
                    ck_assert_msg(all_is_right(&layers, &p.segments[n], pst_segment_own(&p.segments[n], tile),
                                               pst_segment_window(&p.segments[n], tile, way), way),
                                  "%d x %d, ceil %d, segment %zu, tile %d, walk %d", p.segments[0].h, p.segments[0].w,
                                  layers.ceil, n, tile, way);
    }
}
END_TEST

START_TEST(a_halo_is_what_is_needed_and_no_more) {
    for (int i = 0, count = test_long() ? 100 : 12; i < count; i++) {
        pst_layers layers = i ? random_layers() : vgg19();
        const int side = 1024 + i % 3;
        pst_partition p = pst_partition_make(&layers, layers.count, side, 64, square(64));
        for (size_t n = 0; n < p.count; n++)
            for (pst_walk way = PST_WALK_FORWARD; way <= PST_WALK_BACKWARD; way++) {
                const pst_segment *s = &p.segments[n];
                int unit = PST_TILE_MULTIPLE / s->stride, halo = s->halo[way];
                pst_rect own = {8 * unit, 0, unit, s->w}, window = {8 * unit - (halo + 3) / 4 * 4, 0, 0, s->w};
                window.h = own.y + own.h + halo - window.y;
                ck_assert(all_is_right(&layers, s, own, window, way));
                window.h--;
                ck_assert(!all_is_right(&layers, s, own, window, way));
            }
    }
}
END_TEST

/* ---- parts ---- */

/* Every unit of every map lies in one own part. */
static void check_cover(const pst_layers *layers, const pst_partition *p, size_t layer_count) {
    size_t l = 0;
    for (size_t n = 0; n < p->count; n++) {
        const pst_segment *s = &p->segments[n];
        ck_assert_uint_eq(s->first, l);
        const bool hands_on = n + 1 < p->count;
        ck_assert(hands_on || !s->ends_pooled);
        for (; l < s->first + s->count + hands_on; l++) { /* the last: what is handed on */
            bool out = l == s->first + s->count;
            int h = s->out_h, w = s->out_w;
            if (!out)
                pst_layer_size(layers, l, p->segments[0].h, p->segments[0].w, &h, &w);
            taken = 0;
            char *owners = zeros((size_t)(h * w));
            for (int tile = 0; tile < pst_segment_tiles(s); tile++) {
                pst_rect own = pst_segment_own(s, tile);
                own = out ? pst_segment_at_output(layers, s, own) : pst_segment_at_layer(layers, s, own, l);
                ck_assert(own.y >= 0 && own.x >= 0 && own.y + own.h <= h && own.x + own.w <= w);
                ck_assert((own.h > 0 && own.w > 0) || h == 0 || w == 0);
                for (int y = own.y; y < own.y + own.h; y++)
                    for (int x = own.x; x < own.x + own.w; x++)
                        owners[y * w + x]++;
            }
            for (int u = 0; u < h * w; u++)
                if (owners[u] != 1)
                    ck_abort_msg("unit %d of layer %zu has %d owners", u, l, owners[u]);
        }
        l -= hands_on;
        if (n + 1 < p->count)
            ck_assert(s[1].h == s->out_h && s[1].w == s->out_w && s[1].c == s->out_c);
        else
            ck_assert(s->out_h == 0 && s->out_w == 0 && s->out_c == 0);
    }
    ck_assert_uint_eq(l, layer_count);
}

/* One side of a tile: own part from o to p, window from a of n units, in a map of `side`. What the windows of a place
 * need is added up. */
static void check_side(const pst_segment *s, int side, int o, int p, int a, int n, pst_walk way, int *needed) {
    int unit = PST_TILE_MULTIPLE / s->stride, first = o - s->halo[way], last = p + s->halo[way];
    ck_assert_int_eq(o % unit, 0);
    ck_assert(p == side || (p % unit == 0 && p - o >= unit));
    ck_assert(p - o >= unit / 2 || side < unit);
    ck_assert(a >= 0 && a + n <= side && a % s->align == 0);
    ck_assert(a <= (first > 0 ? first : 0) && a + n >= (last < side ? last : side));
    first = (first > 0 ? first : 0) / s->align * s->align;
    ck_assert_int_eq(a, first < side - n ? first : (side - n) / s->align * s->align);
    if ((last < side ? last : side) - first > *needed)
        *needed = (last < side ? last : side) - first;
}

static void check_windows(const pst_layers *layers, const pst_partition *p) {
    for (size_t n = 0; n < p->count; n++)
        for (pst_walk way = PST_WALK_FORWARD; way <= PST_WALK_BACKWARD; way++) {
            const pst_segment *s = &p->segments[n];
            const int grid = layers->at[s->first + s->count - 1].c_out > 128 ? 4 : 12,
                      step = 2 * s->align / grid; /* twice what is pooled inside */
            int needed_h[PST_TILE_PLACES] = {0}, needed_w[PST_TILE_PLACES] = {0};
            for (int tile = 0; tile < pst_segment_tiles(s); tile++) {
                const int shape = pst_segment_shape(s, tile), row = shape / PST_TILE_PLACES,
                          column = shape % PST_TILE_PLACES;
                const pst_rect o = pst_segment_own(s, tile), a = pst_segment_window(s, tile, way),
                               size = pst_segment_shape_size(s, shape, way), longest = pst_segment_longest(s, way);
                ck_assert(a.h == size.h && a.w == size.w && a.h <= longest.h && a.w <= longest.w);
                ck_assert((row == PST_TILE_LAST) == (o.y + o.h == s->h) &&
                          (column == PST_TILE_LAST) == (o.x + o.w == s->w));
                ck_assert((row == PST_TILE_FIRST) == (o.y == 0 && o.h < s->h));
                check_side(s, s->h, o.y, o.y + o.h, a.y, a.h, way, &needed_h[row]);
                check_side(s, s->w, o.x, o.x + o.w, a.x, a.w, way, &needed_w[column]);
                int h = a.h, w = a.w;
                for (size_t l = s->first; l < s->first + s->count; l++) {
                    pst_rect at = pst_segment_at_layer(layers, s, a, l);
                    ck_assert(at.h == h && at.w == w && at.y % grid == 0 && at.x % grid == 0);
                    if (layers->at[l].pooled)
                        h = pooled(layers, h), w = pooled(layers, w);
                }
            }
            for (int place = 0; place < PST_TILE_PLACES;
                 place++) { /* hardly more than suits, and none where no tile is */
                const int most = place == PST_TILE_LAST ? 0 : place == PST_TILE_FIRST ? step : s->align + step;
                ck_assert_int_le(s->window_h[way][place], needed_h[place] + (needed_h[place] ? most : 0));
                ck_assert_int_le(s->window_w[way][place], needed_w[place] + (needed_w[place] ? most : 0));
            }
        }
}

/* Is a segment cut as finely as the image is? The last part of a side that is too small joins the one before. */
static bool is_fine(const pst_segment *s, pst_tile_size tile) {
    return s->tile_h * s->stride <= tile.h && s->tile_w * s->stride <= tile.w;
}

START_TEST(parts_cover_every_map_and_windows_hold_them) {
    for (int i = 0; i < 300; i++) {
        pst_layers layers = i % 4 ? random_layers() : vgg19();
        size_t layer_count = (size_t)random_int(1, (int)layers.count);
        const int most = i % 2 ? 700 : 130;
        const pst_tile_size tile = {.w = PST_TILE_MULTIPLE * random_int(1, i % 8 ? 3 : 14),
                                    .h = PST_TILE_MULTIPLE * random_int(1, i % 8 ? 3 : 14)};
        int h, w;
        pst_partition p = pst_partition_make(&layers, layer_count, random_int(1, most), random_int(1, most), tile);
        check_cover(&layers, &p, layer_count);
        check_windows(&layers, &p);
        const pst_segment *s = &p.segments[0];
        bool large_enough = pst_layer_size(&layers, layer_count - 1, s->h, s->w, &h, &w);
        for (size_t n = 0; n < p.count; n++, s++) {
            bool empty = s->h == 0 || s->w == 0;
            ck_assert(!empty || !large_enough);
            ck_assert_int_eq(pst_segment_tiles(s) == 0, empty);
            ck_assert(n > 0 || (s->tile_h <= tile.h && s->tile_w <= tile.w));
            const int first = pst_segment_tiles(&p.segments[0]);
            ck_assert(empty || pst_segment_tiles(s) >= (first < 16 ? first : 16) || is_fine(s, tile));
        }
    }
}
END_TEST

START_TEST(a_tile_as_large_as_the_image_is_the_image) {
    for (int i = 0; i < 100; i++) {
        pst_layers layers = random_layers();
        int h = random_int(32, 700), w = random_int(32, 700);
        int tile = i == 0 ? INT32_MAX / PST_TILE_MULTIPLE * PST_TILE_MULTIPLE : 704;
        pst_partition p = pst_partition_make(&layers, layers.count, h, w, square(tile));
        double work[2] = {0, 0};
        for (size_t n = 0; n < p.count; n++) {
            const pst_segment *s = &p.segments[n];
            ck_assert_int_eq(pst_segment_tiles(s), 1);
            for (pst_walk way = PST_WALK_FORWARD; way <= PST_WALK_BACKWARD; way++) {
                pst_rect o = pst_segment_own(s, 0), a = pst_segment_window(s, 0, way);
                ck_assert(memcmp(&o, &a, sizeof o) == 0 && a.y == 0 && a.x == 0 && a.h == s->h && a.w == s->w);
                work[way] += pst_segment_tile_work(&layers, s, way);
            }
        }
        double whole = pst_partition_whole_work(&layers, layers.count, h, w);
        ck_assert(work[0] == whole && work[1] == whole);
    }
}
END_TEST

/* ---- VGG-19 ---- */

START_TEST(vgg19_is_cut_as_expected) {
    static const struct {
        int first, count, stride, align, halo[2], tiles, small_tiles, out;
    } expected[] = {{0, 4, 1, 24, {6, 14}, 16, 64, 1024},
                    {4, 4, 4, 4, {4, 8}, 16, 25, 512},
                    {8, 4, 8, 4, {4, 8}, 16, 16, 256},
                    {12, 1, 16, 4, {1, 2}, 16, 16, 0}};
    pst_layers layers = vgg19();
    pst_partition p = pst_partition_make(&layers, layers.count, 4096, 4096, square(1024));
    pst_partition small = pst_partition_make(&layers, layers.count, 4096, 4096, square(512));
    ck_assert_uint_eq(p.count, 4);
    for (size_t n = 0; n < p.count; n++) {
        const pst_segment *s = &p.segments[n];
        ck_assert(s->first == (size_t)expected[n].first && s->count == (size_t)expected[n].count);
        ck_assert(s->stride == expected[n].stride && s->align == expected[n].align);
        ck_assert(s->halo[0] == expected[n].halo[0] && s->halo[1] == expected[n].halo[1]);
        ck_assert(pst_segment_tiles(s) == expected[n].tiles && s->out_h == expected[n].out);
        ck_assert_int_eq(pst_segment_tiles(&small.segments[n]), expected[n].small_tiles);
    }
    double whole = 1.0 * 4096 * 4096 * 9 * (3 * 64 + 64 * 64 + (64 * 128 + 128 * 128) / 4.0); /* blocks 1 and 2 */
    ck_assert(pst_partition_whole_work(&layers, 4, 4096, 4096) == whole);
    p = pst_partition_make(&layers, layers.count, 1024, 1024, (pst_tile_size){.w = 1024, .h = 512});
    ck_assert_uint_eq(p.count, 6); /* parts of blocks 3 and 4 are thin */
    for (size_t n = 1; n < 5; n++) {
        const pst_segment *s = &p.segments[n];
        ck_assert(s->first == 2 + 2 * n && s->count == 2 && s->ends_pooled == (n % 2 == 0));
        ck_assert(s->halo[0] == 2 && s->halo[1] == 4 && s->align == 4 && s->stride == (n < 3 ? 4 : 8) && s->rows == 2);
    }
    p = pst_partition_make(&layers, layers.count, 1024, 1040, (pst_tile_size){.w = 1088, .h = 512});
    ck_assert_uint_eq(p.count, 5); /* a level in the middle of block 3 would be too large */
    p = pst_partition_make(&layers, layers.count, 1152, 576, (pst_tile_size){.w = 576, .h = 576});
    ck_assert_uint_eq(p.count, 5);                              /* the parts of block 3 are not thin */
    p = pst_partition_make(&layers, 4, 1100, 50, square(1024)); /* ends where a pooling is not needed; is evened out */
    ck_assert(p.count == 1 && p.segments[0].count == 4 && !p.segments[0].ends_pooled && p.segments[0].halo[1] == 12);
    ck_assert_int_eq(pst_segment_own(&p.segments[0], 0).h, 576);
    p = pst_partition_make(&layers, 2, 200, 200, square(64));
    ck_assert(p.count == 1 && p.segments[0].count == 2 && p.segments[0].align == 12 && p.segments[0].halo[1] == 4);
    ck_assert_int_eq(pst_segment_own(&p.segments[0], 8).h, 72); /* 8 would be too small a part */
    p = pst_partition_make(&layers, layers.count, 682, 1024, (pst_tile_size){.w = 512, .h = 704});
    double busier = 0; /* of two workers */
    for (size_t n = 0; n < p.count; n++)
        busier += fmax(pst_segment_work_of(&layers, &p.segments[n], PST_WALK_BACKWARD, 0, 1),
                       pst_segment_work_of(&layers, &p.segments[n], PST_WALK_BACKWARD, 1, 2));
    ck_assert_double_le(2 * busier / pst_partition_whole_work(&layers, layers.count, 682, 1024), 1.09);
}
END_TEST

/* Of two walks forward and one backward over the same windows, when nothing is kept for the second. */
static double waste(const pst_layers *layers, int h, int w, pst_tile_size tile) {
    pst_partition p = pst_partition_make(layers, layers->count, h, w, tile);
    double sum = 0;
    for (size_t n = 0; n < p.count; n++)
        sum += pst_segment_tile_work(layers, &p.segments[n], PST_WALK_BACKWARD);
    return sum / pst_partition_whole_work(layers, layers->count, h, w) - 1;
}

START_TEST(little_is_computed_twice) {
    static const int sizes[][2] = {{4096, 4096}, {8192, 5461}, {2500, 2500}};
    static const int tiles[] = {512, 768, 1024, 1536, 2048};
    pst_layers layers = vgg19();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && test_long(); i++)
        for (size_t t = 0; t < sizeof tiles / sizeof *tiles; t++)
            printf("VGG-19 at %d x %d in tiles of %d: %.1f %% on halos\n", sizes[i][0], sizes[i][1], tiles[t],
                   100 * waste(&layers, sizes[i][0], sizes[i][1], square(tiles[t])));
    ck_assert_double_le(waste(&layers, 4096, 4096, square(1024)), 0.18);
    ck_assert_double_le(waste(&layers, 4096, 4096, square(512)), 0.23);
}
END_TEST

/* What the busiest of several has to do, as a multiple of its share of the whole. */
static double busiest(const pst_layers *layers, int h, int w, pst_tile_size tile, int ranks) {
    pst_partition p = pst_partition_make(layers, layers->count, h, w, tile);
    double sum = 0;
    for (size_t n = 0; n < p.count; n++) {
        const int tiles = pst_segment_tiles(&p.segments[n]);
        double most = 0;
        for (int r = 0; r < ranks; r++)
            most =
                fmax(most, pst_segment_work_of(layers, &p.segments[n], PST_WALK_BACKWARD,
                                               pst_ranks_first(tiles, ranks, r), pst_ranks_first(tiles, ranks, r + 1)));
        sum += most;
    }
    return sum / pst_partition_whole_work(layers, layers->count, h, w) * ranks;
}

START_TEST(ranks_have_about_as_much_to_do_each) {
    pst_layers layers = vgg19();
    const struct {
        int side, ranks, w, h;
        double most;
    } cases[] = {{2048, 4, 1024, 1024, 1.15}, {2048, 4, 2048, 512, 1.25}, {1024, 2, 1024, 512, 1.15}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double share =
            busiest(&layers, cases[i].side, cases[i].side, (pst_tile_size){cases[i].w, cases[i].h}, cases[i].ranks);
        if (test_long())
            printf("%d x %d in tiles of %dx%d: the busiest of %d does %.3f times its share\n", cases[i].side,
                   cases[i].side, cases[i].w, cases[i].h, cases[i].ranks, share);
        ck_assert_double_le(share, cases[i].most);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("partition");
    TCase *cases = tcase_create("partition");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, what_a_window_makes_wrong_is_outside_of_its_own_part);
    tcase_add_test(cases, a_halo_is_what_is_needed_and_no_more);
    tcase_add_test(cases, parts_cover_every_map_and_windows_hold_them);
    tcase_add_test(cases, a_tile_as_large_as_the_image_is_the_image);
    tcase_add_test(cases, vgg19_is_cut_as_expected);
    tcase_add_test(cases, little_is_computed_twice);
    tcase_add_test(cases, ranks_have_about_as_much_to_do_each);
    return test_run(suite);
}
