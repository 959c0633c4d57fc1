/* Each operation of vectors that ranks share, to the bit as one process alone does it; what fails on the way; and that
 * the ranks of these tests find calls that do not match. */
/* promise: ranks */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "spread/host_vectors.h"
#include "spread/shared_map.h"
#include "support.h"
#include "thread_ranks.h"

enum { RANKS_MOST = 8, VECTORS = 5, RIGHT = 3, FLOATS_MOST = 3 * 300 * 45 };

static const int counts[] = {2, 3, 5, 8};
static const int sizes[][2] = {{1, 1}, {63, 40}, {65, 31}, {129, 2}, {191, 1}, {300, 45}};
enum { COUNTS = sizeof counts / sizeof *counts, SIZES = sizeof sizes / sizeof *sizes };

/* Vectors in memory, in a file, and as halves in both; what each rank came to. */
typedef struct operations {
    int h, w;
    bool in_file, half;
    const char *folder;
    struct result {
        float values[VECTORS][FLOATS_MOST];
        double dots[VECTORS * RIGHT], norm;
    } results[RANKS_MOST];
    pst_status status[RANKS_MOST];
    pst_error errors[RANKS_MOST];
    uint64_t bytes_left[RANKS_MOST];
} operations;

static pst_status fill(const operations *o, const pst_host_vectors *space, pst_vector **v, float *rows) {
    pst_status status = PST_OK;
    for (int i = 0; i < VECTORS; i++) {
        uint64_t state = (uint64_t)i;
        for (int k = 0; k < 3 * o->h * o->w; k++)
            rows[k] = 100 * test_random(&state);
        PST_TRY(pst_host_vectors_write(space, v[i], 0, o->h, rows));
    }
cleanup:
    return status;
}

static pst_status operate_on(pst_host_vectors *space, pst_vector **v, struct result *result) {
    const pst_vector *const *all = (const pst_vector *const *)v;
    const double factors[] = {0.5, -1, 0.25};
    pst_status status;
    PST_TRY(space->vectors.spread(space, v[2], NULL, v[0]));
    PST_TRY(space->vectors.spread(space, v[3], v[1], v[0]));
    PST_TRY(space->vectors.spread(space, v[1], v[1], v[1])); /* in place */
    PST_TRY(space->vectors.combine(space, v[4], 3, factors, all + 1));
    PST_TRY(space->vectors.queue_dots(space, VECTORS, all, RIGHT, all + 1, v[4]));
    space->vectors.read_dots(space, VECTORS, RIGHT, result->dots, &result->norm);
    PST_TRY(pst_host_vectors_gray(space, v[0]));
    PST_TRY(pst_host_vectors_import(space, v[1]));
    PST_TRY(pst_host_vectors_export(space, v[2], v[4]));
    PST_TRY(space->vectors.clamp(space, v[3]));
cleanup:
    return status;
}

static void operate(void *user, const pst_ranks *ranks) {
    operations *o = user;
    const int self = pst_ranks_rank(ranks), h = o->h;
    struct result *result = &o->results[self];
    pst_stores stores = {.error = &o->errors[self], .ranks = ranks, .folder = o->folder};
    pst_host_vectors space;
    pst_vector *v[VECTORS] = {NULL};
    pst_status status = pst_host_vectors_open(&stores, h, o->w, VECTORS, &space);
    if (status != PST_OK)
        goto closed;
    space.kept_in_file = o->in_file;
    space.half = o->half;
    for (int i = 0; i < VECTORS; i++)
        PST_TRY(space.vectors.create_kept(&space, &v[i]));
    PST_TRY(fill(o, &space, v, result->values[0]));
    PST_TRY(operate_on(&space, v, result));
    memset(result->values, 0, sizeof result->values);
    for (int i = 0; i < VECTORS; i++)
        for (int y = 0, rows; y < h; y += rows) { /* some rows are of several ranks */
            rows = h - y < 77 ? h - y : 77;
            PST_TRY(pst_host_vectors_read(&space, v[i], y, rows, result->values[i] + 3 * (size_t)y * (size_t)o->w));
        }
cleanup:
    for (int i = 0; i < VECTORS; i++)
        space.vectors.destroy(&space, v[i]);
    pst_host_vectors_close(&space);
closed:
    o->status[self] = status;
    o->bytes_left[self] = stores.memory_bytes + stores.file_bytes;
}

static operations alone, shared;

static void make(operations *o, int size, bool in_file, bool half) {
    static char folder[1024];
    pst_error error;
    strcpy(folder, test_path("spill"));
    ck_ok(error, pst_folder_create(&error, folder));
    memset(o, 0, sizeof *o);
    o->h = sizes[size][0];
    o->w = sizes[size][1];
    o->in_file = in_file;
    o->half = half;
    o->folder = folder;
}

START_TEST(operations_do_not_see_the_ranks) {
    for (int place = 0; place < 4; place++) {
        make(&alone, _i, place % 2, place / 2);
        thread_ranks_run(1, 0, operate, &alone);
        ck_assert_msg(alone.status[0] == PST_OK, "%s", alone.errors[0].text);
        for (int i = 0; i < COUNTS; i++) {
            make(&shared, _i, place % 2, place / 2);
            thread_ranks_run(counts[i], 0, operate, &shared);
            for (int r = 0; r < counts[i]; r++) {
                ck_assert_msg(shared.status[r] == PST_OK, "rank %d: %s", r, shared.errors[r].text);
                ck_assert_uint_eq(shared.bytes_left[r], 0);
                ck_assert_msg(!memcmp(&shared.results[r], &alone.results[0], sizeof alone.results[0]),
                              "%dx%d, place %d: rank %d of %d has something else", shared.h, shared.w, place, r,
                              counts[i]);
            }
        }
    }
}
END_TEST

/* ---- faults ---- */

/* Every call of the transport may fail, wherever vectors lie; some of five ranks have no rows. */
START_TEST(a_failing_transport_is_told) {
    for (int place = 0; place < 4; place++)
        for (int n = 1;; n++) {
            make(&shared, 3, place % 2, place / 2);
            thread_ranks_run(5, n, operate, &shared);
            for (int r = 0; r < 5; r++)
                ck_assert_uint_eq(shared.bytes_left[r], 0);
            if (shared.status[0] == PST_OK) {
                ck_assert_int_gt(n, 3 * 2 + 1 + VECTORS); /* three spreads, products, and each vector read */
                break;
            }
            for (int r = 0; r < 5; r++)
                ck_assert_int_eq(shared.status[r], PST_ERROR_RANKS);
        }
}
END_TEST

/* A transport of one of two ranks that does nothing, so that allocations come in order. */
static size_t most_sums;

static bool no_sum(void *self, int64_t *values, size_t count) {
    (void)self;
    (void)values;
    most_sums = count > most_sums ? count : most_sums;
    return true;
}

static bool no_broadcast(void *self, int root, void *data, size_t bytes) {
    (void)self;
    (void)root;
    (void)data;
    (void)bytes;
    return true;
}

static bool no_exchange(void *self, const pst_ranks_block *send, size_t send_count, const pst_ranks_block *receive,
                        size_t receive_count) {
    (void)self;
    (void)send;
    (void)send_count;
    (void)receive;
    (void)receive_count;
    return true;
}

static const pst_ranks first_of_two = {
    .size = sizeof(pst_ranks), .count = 2, .sum = no_sum, .broadcast = no_broadcast, .exchange = no_exchange};

START_TEST(vectors_want_for_memory) {
    most_sums = 0;
    for (unsigned n = 1;; n++) {
        make(&shared, 4, n % 2, false);
        pst_memory_fail_at(n, false);
        operate(&shared, &first_of_two);
        pst_memory_fail_at(0, false);
        ck_assert_uint_eq(shared.bytes_left[0], 0);
        if (shared.status[0] == PST_OK) {
            ck_assert_uint_gt(n, 6 + VECTORS);
            break;
        }
        ck_assert_int_eq(shared.status[0], PST_ERROR_MEMORY);
    }
    /* What the sums take while they are exchanged is in the plan. */
    ck_assert_uint_eq(pst_host_vectors_bytes(&first_of_two, shared.h, shared.w, VECTORS) -
                          pst_host_vectors_bytes(NULL, shared.h, shared.w, VECTORS),
                      sizeof(int64_t) * most_sums);
}
END_TEST

START_TEST(maps_want_for_memory) {
    const pst_rect held[2] = {{0, 0, 9, 5}, {7, 0, 9, 5}};
    const pst_shared_part parts[2] = {{{0, 0, 8, 5}, 0}, {{8, 0, 8, 5}, 1}};
    pst_error error;
    for (unsigned n = 1;; n++) {
        pst_stores stores = {.error = &error, .ranks = &first_of_two};
        pst_shared_map *map;
        pst_memory_fail_at(n, false);
        pst_status status = pst_shared_map_create(&stores, false, 16, 5, 2, held, "a map", &map);
        ck_assert((status == PST_OK) == (map != NULL));
        if (status == PST_OK)
            status = pst_shared_map_exchange(map, parts, 2);
        pst_memory_fail_at(0, false);
        pst_shared_map_destroy(map);
        ck_assert_uint_eq(stores.memory_bytes, 0);
        if (status == PST_OK) {
            ck_assert_uint_eq(n, 7); /* a map, its parts, a store and its values; blocks and what is packed */
            break;
        }
        ck_assert_int_eq(status, PST_ERROR_MEMORY);
    }
}
END_TEST

/* ---- the ranks of the tests ---- */

enum { OTHER_COUNT, OTHER_CALL, OTHER_ROOT, OTHER_BYTES, NOT_RECEIVED, OTHER_BLOCK, ENDED, MISMATCHES };

typedef struct mismatch {
    int which;
    bool good[3];
} mismatch;

/* Rank 1 is at something else. */
static void disagree(void *user, const pst_ranks *ranks) {
    mismatch *m = user;
    int64_t values[4] = {0};
    const bool odd = ranks->rank == 1;
    const pst_ranks_block block = {1 - ranks->rank, values, odd && m->which == OTHER_BLOCK ? 16 : 8};
    bool good = false;
    switch (m->which) {
    case OTHER_COUNT:
        good = ranks->sum(ranks->self, values, odd ? 3 : 4);
        break;
    case OTHER_CALL:
        good = odd ? ranks->broadcast(ranks->self, 0, values, 4) : ranks->sum(ranks->self, values, 4);
        break;
    case OTHER_ROOT:
        good = ranks->broadcast(ranks->self, odd ? 1 : 0, values, 8);
        break;
    case OTHER_BYTES:
        good = ranks->broadcast(ranks->self, 0, values, odd ? 16 : 8);
        break;
    case NOT_RECEIVED:
        good = ranks->exchange(ranks->self, &block, ranks->rank == 0, &block, 0);
        break;
    case OTHER_BLOCK:
        good = ranks->exchange(ranks->self, &block, ranks->rank == 0, &block, odd);
        break;
    case ENDED:
        good = !odd && ranks->sum(ranks->self, values, 4);
        break;
    }
    m->good[ranks->rank] = good;
}

START_TEST(calls_that_do_not_match_are_found) {
    for (int which = 0; which < MISMATCHES; which++) {
        mismatch m = {.which = which, .good = {true, true, true}};
        thread_ranks_run(3, 0, disagree, &m);
        for (int r = 0; r < 3; r++)
            ck_assert_msg(!m.good[r], "mismatch %d: rank %d went on", which, r);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("shared_vectors");
    TCase *tests = tcase_create("vectors of several ranks");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, operations_do_not_see_the_ranks, 0, SIZES);
    tcase_add_test(tests, a_failing_transport_is_told);
    tcase_add_test(tests, vectors_want_for_memory);
    tcase_add_test(tests, maps_want_for_memory);
    tcase_add_test(tests, calls_that_do_not_match_are_found);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
