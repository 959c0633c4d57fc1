/* Maps outside the device: memory and files, rows of halves, faults. */
#define _XOPEN_SOURCE 700

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/scratch_file.h"
#include "spread/half.h"
#include "spread/store.h"
#include "support.h"

static pst_error error;
static char folder[1024];

static pst_stores with_folder(void) {
    snprintf(folder, sizeof folder, "%s", test_path("spill"));
    ck_ok(error, pst_folder_create(&error, folder));
    return (pst_stores){.error = &error, .folder = folder};
}

static const struct {
    int h, w, c;
} sizes[] = {{1, 1, 1}, {1, 7, 3}, {13, 5, 3}, {64, 31, 1}, {67, 101, 3}, {9, 3, 512}, {2, 9001, 3}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static float *random_map(int i, uint64_t *state) {
    const size_t count = (size_t)sizes[i].h * (size_t)sizes[i].w * (size_t)sizes[i].c;
    float *map;
    ck_ok(error, pst_allocate(&error, count, sizeof *map, &map));
    for (size_t k = 0; k < count; k++)
        map[k] = 200 * test_random(state);
    return map;
}

static pst_rect random_part(int h, int w, uint64_t *state) {
    const double r[4] = {fabs((double)test_random(state)), fabs((double)test_random(state)),
                         fabs((double)test_random(state)), fabs((double)test_random(state))};
    pst_rect part = {.y = (int)(0.999 * r[0] * h), .x = (int)(0.999 * r[1] * w)};
    part.h = 1 + (int)(0.999 * r[2] * (h - part.y));
    part.w = 1 + (int)(0.999 * r[3] * (w - part.x));
    return part;
}

/* The part of a plain map, to or from [part.h][part.w][c]. */
static void plain_part(float *map, int w, int c, pst_rect part, float *values, bool write) {
    for (int y = 0; y < part.h; y++) {
        float *row = map + ((size_t)(part.y + y) * (size_t)w + (size_t)part.x) * (size_t)c;
        float *at = values + (size_t)y * (size_t)part.w * (size_t)c;
        memcpy(write ? row : at, write ? at : row, (size_t)part.w * (size_t)c * sizeof *row);
    }
}

START_TEST(parts_are_those_of_a_plain_map) {
    uint64_t state = 1;
    for (int i = 0; i < SIZES; i++)
        for (int in_file = 0; in_file < 2; in_file++) {
            const int h = sizes[i].h, w = sizes[i].w, c = sizes[i].c;
            const size_t bytes = (size_t)h * (size_t)w * (size_t)c * sizeof(float);
            pst_stores stores = with_folder();
            pst_store *store;
            float *map = random_map(i, &state), *values = random_map(i, &state), *got = random_map(i, &state);
            ck_ok(error, pst_store_create(&stores, in_file, false, h, w, c, "a map", &store));
            ck_assert_uint_eq(in_file ? stores.file_bytes : stores.memory_bytes, bytes);
            ck_assert_uint_eq(pst_store_bytes(false, h, w, c), bytes);
            ck_assert((pst_store_values(store) == NULL) == in_file);
            ck_assert_int_eq(test_entries(folder), 0); /* its file has no name */
            ck_ok(error, pst_store_read_rows(store, 0, h, got));
            size_t others = 0;
            for (size_t k = 0; k < bytes / sizeof(float); k++)
                others += got[k] != 0;
            ck_assert_uint_eq(others, 0);
            ck_ok(error, pst_store_write_rows(store, 0, h, map));
            for (int k = 0; k < 30; k++) {
                const pst_rect part = random_part(h, w, &state);
                const size_t count = (size_t)part.h * (size_t)part.w * (size_t)c;
                if (k % 2) {
                    plain_part(map, w, c, part, values, true);
                    ck_ok(error, pst_store_write(store, part, values));
                } else {
                    plain_part(map, w, c, part, values, false);
                    ck_ok(error, pst_store_read(store, part, got));
                    ck_assert_mem_eq(got, values, count * sizeof(float));
                }
            }
            ck_ok(error, pst_store_read_rows(store, 0, h, got));
            ck_assert_mem_eq(got, map, bytes);
            pst_store_destroy(store);
            ck_assert_uint_eq(stores.file_bytes + stores.memory_bytes, 0);
            ck_assert_uint_eq(in_file ? stores.peak_file_bytes : stores.peak_memory_bytes, bytes);
            pst_free(map);
            pst_free(values);
            pst_free(got);
        }
    pst_store_destroy(NULL);
}
END_TEST

START_TEST(without_a_folder_all_is_memory) {
    pst_stores stores = {.error = &error};
    pst_store *store;
    ck_ok(error, pst_store_create(&stores, true, false, 3, 4, 5, "a map", &store));
    ck_assert_ptr_nonnull(pst_store_values(store));
    ck_assert_uint_eq(stores.memory_bytes, 240);
    pst_store_destroy(store);
}
END_TEST

/* ---- halves ---- */

/* The value of a half, by its definition. */
static double half_value(unsigned half) {
    const int exponent = (half >> 10) & 31;
    const double mantissa = half & 1023, sign = half & 0x8000 ? -1 : 1;
    if (exponent == 31)
        return mantissa != 0 ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24));
}

START_TEST(halves_are_those_of_the_standard) {
    unsigned wrong = 0;
    for (unsigned half = 0; half < 65536; half++) {
        uint16_t in = (uint16_t)half, out;
        float value;
        pst_half_decode(&value, &in, 1, 1);
        const double expected = half_value(half);
        wrong += !(isnan(expected) ? isnan(value) : (double)value == expected);
        wrong += (signbit(value) != 0) != half >> 15;
        pst_half_encode(&out, &value, 1, 1);
        wrong += !(isnan(expected) ? isnan(half_value(out)) : out == half);
    }
    /* Between two neighbors the nearer is taken, and in the middle the even one. */
    for (unsigned half = 0; half < 0x7bff; half++) {
        const double low = half_value(half), high = half_value(half + 1), middle = (low + high) / 2;
        const float values[3] = {(float)middle, nextafterf((float)middle, 0), nextafterf((float)middle, INFINITY)};
        uint16_t out[3];
        pst_half_encode(out, values, 3, 1);
        wrong += out[0] != half + half % 2 || out[1] != half || out[2] != half + 1;
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* Rows of every size of numbers, with what is no number: errors are as half.h says. */
START_TEST(rows_of_halves_keep_their_accuracy) {
    enum { W = 61, H = 83 };
    uint64_t state = 7;
    for (int in_file = 0; in_file < 2; in_file++) {
        pst_stores stores = with_folder();
        pst_store *store;
        static float map[H][W * 3], got[H][W * 3], part[H][20 * 3];
        for (int y = 0; y < H; y++)
            for (int k = 0; k < W * 3; k++)
                map[y][k] = ldexpf(test_random(&state), 4 * (y - 40) - (y % 3) * (k % 60));
        for (int y = 20; y < 60; y++)
            map[y][y] = ldexpf(1.9999f, 4 * (y - 40)); /* the largest is rounded up to a power of two */
        memset(map[5], 0, sizeof map[5]);
        map[6][3] = INFINITY, map[6][4] = -INFINITY, map[6][5] = NAN;
        map[7][9] = -0.0f, map[8][0] = 3.4e38f, map[8][1] = -3.4e38f;
        for (int k = 0; k < W * 3; k++)
            map[9][k] = k == 1 ? NAN : INFINITY;
        ck_ok(error, pst_store_create(&stores, in_file, true, H, W, 3, "pairs", &store));
        ck_assert_uint_eq(in_file ? stores.file_bytes : stores.memory_bytes, H * (4 + 2 * W * 3 + 2));
        ck_assert_uint_eq(pst_store_bytes(true, H, W, 3), H * (4 + 2 * W * 3 + 2));
        ck_assert_ptr_null(pst_store_values(store));
        ck_ok(error, pst_store_read_rows(store, 0, H, got[0]));
        ck_assert(got[4][7] == 0 && got[H - 1][W * 3 - 1] == 0);
        ck_ok(error, pst_store_write_rows(store, 0, 50, map[0]));
        ck_ok(error, pst_store_write_rows(store, 50, H - 50, map[50]));
        ck_ok(error, pst_store_read_rows(store, 0, H, got[0]));
        for (int y = 0; y < H; y++) {
            double most = 0;
            for (int k = 0; k < W * 3; k++)
                most = isfinite(map[y][k]) ? fmax(most, fabs((double)map[y][k])) : most;
            for (int k = 0; k < W * 3; k++) {
                const double value = (double)map[y][k], is = (double)got[y][k];
                if (!isfinite(value))
                    ck_assert(isnan(value) ? isnan(is) : is == value);
                else if (most > 1e-30)
                    ck_assert_double_le(fabs(is - value), fmax(ldexp(fabs(value), -11), ldexp(most, -39)));
                else
                    ck_assert(isfinite(is) && fabs(is) <= 2 * most);
            }
        }
        ck_assert(got[7][9] == 0 && signbit(got[7][9]));
        const pst_rect middle = {.y = 3, .x = 11, .h = 70, .w = 20};
        ck_ok(error, pst_store_read(store, middle, part[0]));
        for (int y = 0; y < middle.h; y++)
            ck_assert_mem_eq(part[y], &got[y + 3][11 * 3], sizeof part[y]);
        ck_assert_int_eq(pst_store_write(store, middle, part[0]), PST_ERROR_ARGUMENT);
        ck_ok(error, pst_store_write_rows(store, 0, H, got[0])); /* what was rounded is not rounded again */
        ck_ok(error, pst_store_read_rows(store, 0, H, map[0]));
        ck_assert_mem_eq(map, got, sizeof map);
        pst_store_destroy(store);
    }
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, SIDE = 96 };

typedef struct writer {
    pst_store *store;
    int which;
    pst_status status;
} writer;

static void *write_squares(void *user) {
    writer *w = user;
    float square[16 * 16], back[16 * 16];
    for (int round = 0; round < 20 && w->status == PST_OK; round++)
        for (int i = w->which; i < 36 && w->status == PST_OK; i += THREADS) {
            const pst_rect part = {.y = i / 6 * 16, .x = i % 6 * 16, .h = 16, .w = 16};
            for (int k = 0; k < 256; k++)
                square[k] = (float)(i * 1000 + round);
            w->status = pst_store_write(w->store, part, square);
            if (w->status == PST_OK)
                w->status = pst_store_read(w->store, part, back);
            if (w->status == PST_OK && memcmp(square, back, sizeof square) != 0)
                w->status = PST_ERROR_NUMERIC;
        }
    return NULL;
}

START_TEST(threads_may_write_different_parts) {
    for (int in_file = 0; in_file < 2; in_file++) {
        pst_stores stores = with_folder();
        pst_store *store;
        pthread_t threads[THREADS];
        writer writers[THREADS];
        ck_ok(error, pst_store_create(&stores, in_file, false, SIDE, SIDE, 1, "a map", &store));
        for (int i = 0; i < THREADS; i++) {
            writers[i] = (writer){store, i, PST_OK};
            ck_assert_int_eq(pthread_create(&threads[i], NULL, write_squares, &writers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            ck_assert_int_eq(writers[i].status, PST_OK);
        }
        pst_store_destroy(store);
    }
}
END_TEST

/* ---- faults ---- */

START_TEST(creation_fails_cleanly) {
    for (int in_file = 0; in_file < 2; in_file++) {
        pst_stores stores = with_folder();
        for (unsigned n = 1;; n++) {
            pst_store *store;
            pst_memory_fail_at(n, false);
            pst_status status = pst_store_create(&stores, in_file, n % 2, 10, 10, 3, "the gradient", &store);
            pst_memory_fail_at(0, false);
            if (status == PST_OK) {
                ck_assert_uint_gt(n, 2);
                pst_store_destroy(store);
                break;
            }
            ck_assert_int_eq(status, PST_ERROR_MEMORY);
            ck_assert_ptr_null(store);
            ck_assert_uint_eq(stores.peak_memory_bytes + stores.peak_file_bytes, 0);
        }
        ck_assert_int_eq(test_entries(folder), 0);
    }
    pst_stores stores = {.error = &error};
    pst_store *store;
    ck_assert_int_eq(pst_store_create(&stores, false, false, 1 << 30, 1 << 30, 1 << 30, "the gradient", &store),
                     PST_ERROR_MEMORY);
    ck_assert_ptr_nonnull(strstr(error.text, "the gradient"));
    ck_assert_int_eq(pst_store_create(&stores, false, false, 0, 5, 3, "the gradient", &store), PST_ERROR_ARGUMENT);
}
END_TEST

START_TEST(what_is_no_part_is_refused) {
    static const pst_rect wrong[] = {{-1, 0, 1, 1}, {0, -1, 1, 1}, {0, 0, 0, 1},         {0, 0, 1, 0},
                                     {0, 0, 6, 1},  {0, 0, 1, 8},  {5, 0, 1, 1},         {0, 7, 1, 1},
                                     {4, 0, 2, 7},  {0, 3, 1, 5},  {1, 0, 0x7fffffff, 7}};
    pst_stores stores = {.error = &error};
    pst_store *store;
    float values[6 * 8] = {0};
    ck_ok(error, pst_store_create(&stores, false, false, 5, 7, 1, "a map", &store));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(pst_store_read(store, wrong[i], values), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_store_write(store, wrong[i], values), PST_ERROR_ARGUMENT);
    }
    pst_store_destroy(store);
}
END_TEST

static void create_in(const char *where, int h, int w, pst_status expected, const char *text) {
    pst_stores stores = {.error = &error, .folder = where};
    pst_store *store;
    ck_assert_int_eq(pst_store_create(&stores, true, false, h, w, 512, "the features", &store), expected);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(error.text, where) != NULL && strstr(error.text, text) != NULL, "%s", error.text);
    ck_assert_uint_eq(stores.peak_memory_bytes + stores.peak_file_bytes, 0);
}

START_TEST(a_folder_without_room_is_named) {
    with_folder();
    char wrong[1100];
    create_in(folder, 1 << 20, 1 << 20, PST_ERROR_FILE, "the features: 2147483648.0 MiB are needed on the disk, and ");
    struct rlimit limit, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 50000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    create_in(folder, 16, 16, PST_ERROR_FILE, "the features");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, handler);
    ck_assert_int_eq(test_entries(folder), 0);

    snprintf(wrong, sizeof wrong, "%s/none", folder);
    create_in(wrong, 16, 16, PST_ERROR_FILE, "no such folder");
    snprintf(wrong, sizeof wrong, "%s/file", folder);
    test_write(wrong, "", 0);
    create_in(wrong, 16, 16, PST_ERROR_FILE, "not a folder");
    remove(wrong);
    if (geteuid() != 0) { /* nothing is forbidden to root */
        ck_assert_int_eq(chmod(folder, 0500), 0);
        create_in(folder, 16, 16, PST_ERROR_FILE, "cannot be written to");
        ck_assert_int_eq(chmod(folder, 0700), 0);
    }
    uint64_t room;
    ck_ok(error, pst_stores_room(&error, folder, &room));
    ck_assert_uint_gt(room, 1 << 20);
}
END_TEST

START_TEST(reading_behind_the_end_is_refused) {
    with_folder();
    pst_scratch_file *file;
    char bytes[8] = "1234567";
    ck_ok(error, pst_scratch_open(&error, folder, 100, "numbers", &file));
    ck_ok(error, pst_scratch_write(&error, file, 92, bytes, 8));
    ck_assert_int_eq(pst_scratch_write(&error, file, 93, bytes, 8), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_scratch_read(&error, file, UINT64_MAX, bytes, 8), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_scratch_read(&error, file, 101, bytes, 0), PST_ERROR_ARGUMENT);
    ck_ok(error, pst_scratch_read(&error, file, 92, bytes, 8));
    ck_assert_str_eq(bytes, "1234567");
    pst_scratch_close(file);
    pst_scratch_close(NULL);
}
END_TEST

START_TEST(a_killed_process_leaves_nothing) {
    pst_stores stores = with_folder();
    int ends[2];
    char byte = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        pst_store *store;
        if (pst_store_create(&stores, true, false, 100, 100, 3, "a map", &store) == PST_OK)
            byte = 1;
        if (write(ends[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    ck_assert_int_eq(byte, 1);
    ck_assert_int_eq(test_entries(folder), 0);
}
END_TEST

/* Offsets need more than 32 bits. */
START_TEST(a_file_may_be_large) {
    pst_stores stores = with_folder();
    pst_store *store;
    uint64_t room;
    ck_ok(error, pst_stores_room(&error, folder, &room));
    if (!test_long() || room < (uint64_t)16 << 30)
        return;
    static float row[5000 * 3], got[5000 * 3];
    const int at[] = {0, 11930, 71580, 71999}; /* near 2^32 bytes too */
    ck_ok(error, pst_store_create(&stores, true, false, 72000, 5000, 3, "a large map", &store));
    ck_assert_uint_gt(stores.file_bytes, (uint64_t)1 << 32);
    for (int i = 0; i < 4; i++) {
        row[0] = row[14999] = (float)(i + 1);
        ck_ok(error, pst_store_write_rows(store, at[i], 1, row));
    }
    for (int i = 0; i < 4; i++) {
        ck_ok(error, pst_store_read_rows(store, at[i], 1, got));
        ck_assert(got[0] == (float)(i + 1) && got[14999] == (float)(i + 1));
    }
    pst_store_destroy(store);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("stores");
    tcase_add_test(tests, parts_are_those_of_a_plain_map);
    tcase_add_test(tests, without_a_folder_all_is_memory);
    tcase_add_test(tests, halves_are_those_of_the_standard);
    tcase_add_test(tests, rows_of_halves_keep_their_accuracy);
    tcase_add_test(tests, threads_may_write_different_parts);
    tcase_add_test(tests, creation_fails_cleanly);
    tcase_add_test(tests, what_is_no_part_is_refused);
    tcase_add_test(tests, a_folder_without_room_is_named);
    tcase_add_test(tests, reading_behind_the_end_is_refused);
    tcase_add_test(tests, a_killed_process_leaves_nothing);
    tcase_add_test(tests, a_file_may_be_large);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
