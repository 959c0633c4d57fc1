/* Threads side by side, the lock between them, and the list of tiles that they take from. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"
#include "spread/tile_list.h"
#include "support.h"

static pst_error error;

enum { MOST = 200, TURNS = 2000 };

typedef struct counted {
    pst_lock *lock;
    long sum;
    int calls[MOST];
} counted;

static void count(void *user, size_t index) {
    counted *c = user;
    for (int i = 0; i < TURNS; i++) {
        pst_lock_take(c->lock);
        c->sum++; /* not atomic */
        pst_lock_give(c->lock);
    }
    c->calls[index]++;
}

static const size_t numbers[] = {1, 2, 3, 8, MOST};

START_TEST(all_are_called_once) {
    const size_t number = numbers[_i];
    counted c = {0};
    ck_ok(error, pst_lock_create(&error, &c.lock));
    pst_threads_run(number, count, &c);
    for (size_t i = 0; i < MOST; i++)
        ck_assert_int_eq(c.calls[i], i < number);
    ck_assert_int_eq(c.sum, (long)number * TURNS);
    pst_lock_destroy(c.lock);
}
END_TEST

enum { TILES = 500, DEVICES = 3 };

typedef struct takers {
    pst_tile_list list;
    int owners[TILES], taken[DEVICES], wrong;
    bool stops;
} takers;

static void take(void *user, size_t device) {
    takers *t = user;
    int tile;
    while (pst_tile_list_take(&t->list, (int)device, &tile)) {
        t->owners[tile] += 1 + (int)device * 10;
        t->taken[device]++;
        if (t->stops && t->taken[device] == 5)
            pst_tile_list_stop(&t->list);
    }
}

START_TEST(each_tile_goes_to_one_device) {
    bool taken[TILES] = {false};
    takers t = {.list = {.first = 7, .end = TILES - 9, .taken = taken}};
    ck_ok(error, pst_lock_create(&error, &t.list.lock));
    pst_threads_run(DEVICES, take, &t);
    for (int i = 0; i < TILES; i++)
        ck_assert_int_eq(t.owners[i] % 10, i >= 7 && i < TILES - 9);
    pst_lock_destroy(t.list.lock);
}
END_TEST

/* A device's kept tiles come first, then free ones, in order, and in the end those of others. */
START_TEST(kept_tiles_go_to_their_keeper) {
    int keepers[] = {1, PST_NO_KEEPER, 0, 1, 0, PST_NO_KEEPER}, tile;
    const int order[] = {2, 4, 1, 5, 0, 3};
    bool taken[6] = {false};
    pst_tile_list list = {.end = 6, .keepers = keepers, .taken = taken};
    ck_ok(error, pst_lock_create(&error, &list.lock));
    for (int i = 0; i < 6; i++) {
        ck_assert(pst_tile_list_take(&list, 0, &tile));
        ck_assert_int_eq(tile, order[i]);
    }
    ck_assert(!pst_tile_list_take(&list, 0, &tile));
    pst_lock_destroy(list.lock);
}
END_TEST

START_TEST(a_failure_stops_all) {
    bool taken[TILES] = {false};
    takers t = {.list = {.end = TILES, .taken = taken}, .stops = true};
    ck_ok(error, pst_lock_create(&error, &t.list.lock));
    pst_threads_run(DEVICES, take, &t);
    for (int d = 0; d < DEVICES; d++)
        ck_assert_int_le(t.taken[d], 5);
    pst_lock_destroy(t.list.lock);
}
END_TEST

START_TEST(no_memory_for_a_lock) {
    pst_lock *lock;
    pst_memory_fail_at(1, false);
    ck_assert_int_eq(pst_lock_create(&error, &lock), PST_ERROR_MEMORY);
    pst_memory_fail_at(0, false);
    ck_assert_ptr_null(lock);
    pst_lock_destroy(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("threads");
    TCase *test = tcase_create("threads");
    tcase_add_loop_test(test, all_are_called_once, 0, sizeof numbers / sizeof *numbers);
    tcase_add_test(test, each_tile_goes_to_one_device);
    tcase_add_test(test, kept_tiles_go_to_their_keeper);
    tcase_add_test(test, a_failure_stops_all);
    tcase_add_test(test, no_memory_for_a_lock);
    suite_add_tcase(suite, test);
    return test_run(suite);
}
