/* What several ranks share: maps of which each holds a part, rows, and the optimizers' vectors. Ranks are threads here.
 * Whatever their number, the bytes are those of one process alone; and a failing transport is told and leaves nothing.
 */
/* promise: ranks */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "optim_fixture.h"
#include "spread/host_vectors.h"
#include "spread/shared_map.h"
#include "support.h"
#include "thread_ranks.h"

static const int counts[] = {1, 2, 3, 5, 8};
enum { COUNTS = sizeof counts / sizeof *counts, RANKS_MOST = 8 };

/* Threads must not assert through Check while others wait: they return instead, and what they found is checked after.
 */
typedef struct outcome {
    pst_status status;
    pst_error error;
    uint64_t bytes_left;
    int wrong;
} outcome;

/* A folder for files. */
static const char *spill(void) {
    static char folder[1024];
    pst_error error;
    strcpy(folder, test_path("spill"));
    ck_ok(error, pst_folder_create(&error, folder));
    return folder;
}

/* ---- maps ---- */

enum { H = 70, W = 53, C = 3, PARTS = 12 };

static float value_at(int y, int x, int k) { return (float)(1000 * y + 10 * x + k); }

typedef struct map_case {
    const char *folder; /* NULL: in memory */
    pst_rect held[RANKS_MOST];
    pst_shared_part parts[PARTS]; /* they cover the map */
    outcome outcomes[RANKS_MOST];
} map_case;

static void share_map(void *user, const pst_ranks *ranks) {
    map_case *c = user;
    const int self = pst_ranks_rank(ranks);
    outcome *o = &c->outcomes[self];
    pst_stores stores = {.error = &o->error, .ranks = ranks, .folder = c->folder};
    const pst_rect held = ranks ? c->held[self] : (pst_rect){0, 0, H, W};
    static _Thread_local float values[H * W * C];
    pst_shared_map *map;
    pst_status status;
    PST_TRY(pst_shared_map_create(&stores, true, H, W, C, ranks ? c->held : NULL, "a map", &map));
    o->wrong += (c->folder ? stores.file_bytes : stores.memory_bytes) != sizeof(float) * C * pst_rect_area(held);
    o->wrong += (c->folder ? stores.memory_bytes : stores.file_bytes) != 0;
    for (int i = 0; i < PARTS; i++) {
        const pst_rect part = pst_rect_common(c->parts[i].part, held);
        if (c->parts[i].owner != self || pst_rect_is_empty(part))
            continue;
        for (int y = 0; y < part.h; y++)
            for (int x = 0; x < part.w; x++)
                for (int k = 0; k < C; k++)
                    values[(y * part.w + x) * C + k] = value_at(part.y + y, part.x + x, k);
        PST_TRY(pst_shared_map_write(map, part, values));
    }
    PST_TRY(pst_shared_map_exchange(map, c->parts, PARTS));
    if (!pst_rect_is_empty(held))
        PST_TRY(pst_shared_map_read(map, held, values));
    for (int y = 0; y < held.h; y++)
        for (int x = 0; x < held.w; x++)
            for (int k = 0; k < C; k++)
                o->wrong += values[(y * held.w + x) * C + k] != value_at(held.y + y, held.x + x, k);
    const pst_rect none = {held.y, held.x, 0, 0}, bad[] = {{held.y, held.x, held.h + 1, held.w + 1}, none};
    for (int i = 0; i < 2; i++) {
        o->wrong += pst_shared_map_read(map, bad[i], values) != PST_ERROR_ARGUMENT;
        o->wrong += pst_shared_map_write(map, bad[i], values) != PST_ERROR_ARGUMENT;
    }
cleanup:
    pst_shared_map_destroy(map);
    o->status = status;
    o->bytes_left = stores.memory_bytes + stores.file_bytes;
}

/* Strips of the map that are dealt to the ranks; each holds what it owns and some around it, and one holds nothing. */
static map_case make_map_case(int ranks, uint64_t *state) {
    map_case c = {0};
    for (int i = 0; i < PARTS; i++) {
        const int y = H * (i / 2) / (PARTS / 2), x = i % 2 ? W / 3 : 0;
        c.parts[i].part = (pst_rect){y, x, H * (i / 2 + 1) / (PARTS / 2) - y, i % 2 ? W - W / 3 : W / 3};
        c.parts[i].owner = ranks > 1 ? i % (ranks - (ranks > 3)) : 0;
        c.held[c.parts[i].owner] = pst_rect_around(c.held[c.parts[i].owner], c.parts[i].part);
    }
    for (int r = 0; r < ranks; r++)
        if (!pst_rect_is_empty(c.held[r])) {
            const int more = 2 + (int)(6 * fabs((double)test_random(state)));
            const pst_rect all = {0, 0, H, W}, *own = &c.held[r];
            c.held[r] =
                pst_rect_common(all, (pst_rect){own->y - more, own->x - more, own->h + 2 * more, own->w + 2 * more});
        }
    return c;
}

START_TEST(maps_reach_those_that_hold_them) {
    uint64_t state = 7;
    for (int turn = 0; turn < 20; turn++) {
        map_case c = make_map_case(counts[_i], &state);
        uint64_t planned = 0;
        c.folder = turn % 2 ? spill() : NULL;
        thread_ranks_run(counts[_i], 0, share_map, &c);
        for (int r = 0; r < counts[_i]; r++) {
            ck_assert_msg(c.outcomes[r].status == PST_OK, "rank %d: %s", r, c.outcomes[r].error.text);
            ck_assert_int_eq(c.outcomes[r].wrong, 0);
            ck_assert_uint_eq(c.outcomes[r].bytes_left, 0);
            const pst_ranks ranks = {.rank = r, .count = counts[_i]};
            planned += pst_shared_map_exchange_bytes(&ranks, C, c.held, c.parts, PARTS);
        }
        ck_assert_uint_eq(planned, 2 * thread_ranks_bytes());
    }
}
END_TEST

START_TEST(a_failing_transport_is_told) {
    uint64_t state = 7;
    map_case c = make_map_case(3, &state);
    for (int in_file = 0; in_file < 2; in_file++) {
        c.folder = in_file ? spill() : NULL;
        thread_ranks_run(3, 1, share_map, &c);
        for (int r = 0; r < 3; r++) {
            ck_assert_int_eq(c.outcomes[r].status, PST_ERROR_RANKS);
            ck_assert(strstr(c.outcomes[r].error.text, "rank"));
            ck_assert_uint_eq(c.outcomes[r].bytes_left, 0);
        }
    }
}
END_TEST

/* ---- vectors ---- */

static const struct {
    int h, w;
    bool half, in_file;
} images[] = {{1, 1, false, false},    {64, 9, false, false},  {65, 31, false, true},   {200, 17, true, false},
              {513, 20, false, false}, {130, 701, true, true}, {640, 33, false, false}, {449, 8, false, true}};
enum { IMAGES = sizeof images / sizeof *images, STEPS = 6, FLOATS_MOST = 3 * 130 * 701 };

typedef struct vector_case {
    int image, variant;
    const char *folder;
    float rows[RANKS_MOST][FLOATS_MOST];
    double losses[RANKS_MOST][STEPS];
    outcome outcomes[RANKS_MOST];
} vector_case;

/* Sum of (x - i)^2 over the own rows, whose gradient is local; the loss of all by an ordered sum over bands. */
static pst_status evaluate(const pst_host_vectors *space, const pst_ranks *ranks, const pst_vector *x, pst_vector *g,
                           float *scratch, double *loss) {
    const size_t row = 3 * (size_t)space->w;
    double bands[16] = {0};
    pst_status status;
    if (space->rows)
        PST_TRY(pst_store_read_rows(pst_host_vector_store(x), 0, space->rows, scratch));
    for (int y = 0; y < space->rows; y++)
        for (size_t i = 0; i < row; i++) {
            float *at = scratch + (size_t)y * row + i;
            const float d = *at - 50 * sinf(0.3f * (float)(space->first + y) + 0.7f * (float)i);
            bands[(space->first + y) / PST_BAND_ROWS] += 0.5 * (double)d * (double)d;
            *at = d;
        }
    if (space->rows)
        PST_TRY(pst_store_write_rows(pst_host_vector_store(g), 0, space->rows, scratch));
    PST_TRY(pst_ranks_gather(ranks, space->stores->error, bands, 16));
    *loss = 0;
    for (int b = 0; b < 16; b++)
        *loss += bands[b];
cleanup:
    return status;
}

static void descend(void *user, const pst_ranks *ranks) {
    vector_case *c = user;
    const int self = pst_ranks_rank(ranks), h = images[c->image].h, w = images[c->image].w;
    outcome *o = &c->outcomes[self];
    pst_stores stores = {.error = &o->error, .ranks = ranks, .folder = c->folder};
    pst_host_vectors space = {0};
    pst_vector *x = NULL, *g = NULL;
    pst_optimizer *optimizer = NULL;
    pst_optimizer_options options = optim_variant(c->variant);
    float *rows = c->rows[self], *scratch = NULL;
    const size_t count = 3 * (size_t)h * (size_t)w;
    pst_status status;
    options.history = 3;
    PST_TRY(pst_host_vectors_open(&stores, h, w, pst_optimizer_vector_count(&options) + 2, &space));
    space.half = images[c->image].half && c->variant < 2;
    space.kept_in_file = images[c->image].in_file;
    PST_TRY(pst_allocate(&o->error, count, sizeof *scratch, &scratch));
    PST_TRY(space.vectors.create(&space, &x));
    PST_TRY(space.vectors.create(&space, &g));
    o->wrong += stores.memory_bytes != 2 * pst_host_vector_bytes(ranks, false, h, w);
    for (size_t i = 0; i < count; i++)
        rows[i] = (float)(i % 101);
    PST_TRY(pst_host_vectors_write(&space, x, 0, h, rows));
    PST_TRY(pst_optimizer_create(&space.vectors, &options, &optimizer));
    for (int k = 0; k < STEPS; k++) {
        PST_TRY(evaluate(&space, ranks, x, g, scratch, &c->losses[self][k]));
        PST_TRY(pst_optimizer_measure(optimizer, x, g));
        PST_TRY(pst_optimizer_move(optimizer, &x, &g, c->losses[self][k]));
        PST_TRY(space.vectors.clamp(&space, x));
    }
    memset(rows, 0, count * sizeof *rows);
    for (int y = 0; y < h; y += 50) /* several ranks' rows in one call */
        PST_TRY(pst_host_vectors_read(&space, x, y, h - y < 50 ? h - y : 50, rows + 3 * (size_t)y * (size_t)w));
cleanup:
    pst_optimizer_destroy(optimizer);
    space.vectors.destroy(&space, x);
    space.vectors.destroy(&space, g);
    pst_host_vectors_close(&space);
    pst_free(scratch);
    o->status = status;
    o->bytes_left = stores.memory_bytes + stores.file_bytes;
}

static vector_case alone, shared;

static void make_case(vector_case *c, int image, int variant) {
    memset(c, 0, sizeof *c);
    c->image = image;
    c->variant = variant;
    c->folder = spill();
}

START_TEST(optimizers_do_not_see_the_ranks) {
    const int image = _i / OPTIM_VARIANTS, variant = _i % OPTIM_VARIANTS;
    make_case(&alone, image, variant);
    thread_ranks_run(1, 0, descend, &alone);
    ck_assert_msg(alone.outcomes[0].status == PST_OK, "%s", alone.outcomes[0].error.text);
    ck_assert(alone.losses[0][STEPS - 1] < alone.losses[0][0]);
    for (int i = 1; i < COUNTS; i++) {
        make_case(&shared, image, variant);
        thread_ranks_run(counts[i], 0, descend, &shared);
        for (int r = 0; r < counts[i]; r++) {
            ck_assert_msg(shared.outcomes[r].status == PST_OK, "rank %d: %s", r, shared.outcomes[r].error.text);
            ck_assert_int_eq(shared.outcomes[r].wrong, 0);
            ck_assert_uint_eq(shared.outcomes[r].bytes_left, 0);
            ck_assert_msg(!memcmp(shared.losses[r], alone.losses[0], sizeof alone.losses[0]), "%d ranks: other losses",
                          counts[i]);
            ck_assert_msg(!memcmp(shared.rows[r], alone.rows[0],
                                  sizeof(float) * 3 * (size_t)images[image].h * (size_t)images[image].w),
                          "%d ranks: another image", counts[i]);
        }
    }
}
END_TEST

/* Every call of the transport may fail. */
START_TEST(vectors_tell_of_a_failing_transport) {
    for (int n = 1;; n++) {
        make_case(&shared, 3, 0);
        thread_ranks_run(2, n, descend, &shared);
        for (int r = 0; r < 2; r++)
            ck_assert_uint_eq(shared.outcomes[r].bytes_left, 0);
        if (shared.outcomes[0].status == PST_OK) {
            ck_assert_int_gt(n, STEPS);
            break;
        }
        ck_assert_int_eq(shared.outcomes[0].status, PST_ERROR_RANKS);
        ck_assert_int_eq(shared.outcomes[1].status, PST_ERROR_RANKS);
    }
}
END_TEST

/* Every row is somebody's, and ranks have bands, as even as can be. */
START_TEST(rows_are_dealt_out) {
    for (int h = 1; h < 700; h++)
        for (int count = 1; count <= RANKS_MOST; count++) {
            int at = 0, least = h, most = 0;
            for (int r = 0; r < count; r++) {
                const pst_ranks ranks = {.rank = r, .count = count};
                const pst_row_range rows = pst_own_rows(&ranks, h);
                ck_assert_int_eq(rows.first, at);
                ck_assert(rows.count == 0 || rows.first % PST_BAND_ROWS == 0);
                at += rows.count;
                least = rows.count < least ? rows.count : least;
                most = rows.count > most ? rows.count : most;
            }
            ck_assert_int_eq(at, h);
            ck_assert_int_lt(most - least, 2 * PST_BAND_ROWS);
        }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ranks");
    TCase *test = tcase_create("ranks");
    tcase_set_timeout(test, 120);
    tcase_add_loop_test(test, maps_reach_those_that_hold_them, 0, COUNTS);
    tcase_add_test(test, a_failing_transport_is_told);
    tcase_add_test(test, rows_are_dealt_out);
    tcase_add_loop_test(test, optimizers_do_not_see_the_ranks, 0, IMAGES * OPTIM_VARIANTS);
    tcase_add_test(test, vectors_tell_of_a_failing_transport);
    suite_add_tcase(suite, test);
    return test_run(suite);
}
