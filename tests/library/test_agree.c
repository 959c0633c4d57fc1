/* Ranks that come together after a part in which each may fail alone (spread/ranks.h). */
/* promise: processes */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "spread/ranks.h"
#include "support.h"
#include "thread_ranks.h"

enum { RANKS = 3 };

typedef struct outcome {
    pst_status status;
    pst_error error;
} outcome;

typedef struct agreement {
    pst_status own[RANKS]; /* what each rank comes with, */
    bool early[RANKS];     /* before the sum of the others */
    outcome outcomes[RANKS];
} agreement;

static void come_together(void *user, const pst_ranks *ranks) {
    agreement *a = user;
    outcome *o = &a->outcomes[ranks->rank];
    int64_t sum = 1;
    pst_status status = a->own[ranks->rank];
    if (status != PST_OK)
        pst_fail(&o->error, status, "reason %d", (int)status);
    if (!a->early[ranks->rank] && pst_ranks_sum(ranks, &o->error, &sum, 1) != PST_OK)
        status = PST_ERROR_RANKS;
    o->status = pst_ranks_agree(ranks, &o->error, status);
    sum = 1;
    ck_assert_int_eq(pst_ranks_sum(ranks, NULL, &sum, 1), PST_OK); /* and go on together */
    ck_assert_int_eq(sum, RANKS);
}

static void check(agreement a, pst_status status, const char *text) {
    thread_ranks_run(RANKS, 0, come_together, &a);
    for (int r = 0; r < RANKS; r++) {
        ck_assert_int_eq(a.outcomes[r].status, status);
        ck_assert_str_eq(a.outcomes[r].error.text, text);
    }
}

START_TEST(the_first_reason_is_told) {
    char alike[32], text[64];
    check((agreement){0}, PST_OK, "");
    snprintf(text, sizeof text, "rank 1: reason %d", PST_ERROR_FILE);
    check((agreement){.own = {0, PST_ERROR_FILE, 0}}, PST_ERROR_FILE, text);
    check((agreement){.own = {0, PST_ERROR_FILE, 0}, .early = {0, 1, 0}}, PST_ERROR_FILE, text);
    check((agreement){.own = {0, PST_ERROR_FILE, PST_ERROR_MEMORY}, .early = {0, 1, 1}}, PST_ERROR_FILE, text);
    snprintf(text, sizeof text, "rank 2: reason %d", PST_ERROR_DEVICE);
    check((agreement){.own = {0, 0, PST_ERROR_DEVICE}, .early = {0, 0, 1}}, PST_ERROR_DEVICE, text);
    snprintf(alike, sizeof alike, "reason %d", PST_ERROR_FORMAT);
    check((agreement){.own = {PST_ERROR_FORMAT, PST_ERROR_FORMAT, PST_ERROR_FORMAT}, .early = {1, 1, 1}},
          PST_ERROR_FORMAT, alike);
}
END_TEST

/* Of an attempt with a part in it, in which all but one rank still are when that fails; then all try again. */
static void attempt(void *user, const pst_ranks *ranks) {
    agreement *a = user;
    outcome *o = &a->outcomes[ranks->rank];
    int64_t sum = 1;
    pst_status status = a->own[ranks->rank];
    if (status != PST_OK)
        pst_fail(&o->error, status, "reason %d", (int)status);
    else
        status = pst_ranks_agree_in(ranks, &o->error, PST_OK, PST_RANKS_WALK);
    status = pst_ranks_agree_in(ranks, &o->error, status, PST_RANKS_ATTEMPT);
    ck_assert_int_eq(pst_ranks_sum(ranks, NULL, &sum, 1), PST_OK); /* what the next attempt begins with */
    ck_assert_int_eq(sum, RANKS);
    o->status = pst_ranks_agree(ranks, &o->error, status);
}

START_TEST(who_failed_outside_waits_for_those_within) {
    for (int r = 0; r < RANKS; r++) {
        agreement a = {.own = {0}};
        char text[64];
        a.own[r] = PST_ERROR_DEVICE_MEMORY;
        snprintf(text, sizeof text, "rank %d: reason %d", r, PST_ERROR_DEVICE_MEMORY);
        thread_ranks_run(RANKS, 0, attempt, &a);
        for (int i = 0; i < RANKS; i++) {
            ck_assert_int_eq(a.outcomes[i].status, PST_ERROR_DEVICE_MEMORY);
            ck_assert_msg(strstr(a.outcomes[i].error.text, text) != NULL, "%s", a.outcomes[i].error.text);
        }
    }
    agreement none = {.own = {0}};
    thread_ranks_run(RANKS, 0, attempt, &none);
    for (int i = 0; i < RANKS; i++)
        ck_assert_int_eq(none.outcomes[i].status, PST_OK);
}
END_TEST

static void share(void *user, const pst_ranks *ranks) {
    pst_error error = {0};
    const bool first = ranks->rank == 0;
    uint64_t bits = (uint64_t)1 << (60 + ranks->rank);
    bool all = true, not_all = ranks->rank != 1;
    char *told;
    (void)user;
    ck_ok(error, pst_ranks_unite(ranks, &error, &bits));
    ck_assert_uint_eq(bits, (uint64_t)7 << 60);
    ck_ok(error, pst_ranks_all(ranks, &error, &all));
    ck_ok(error, pst_ranks_all(ranks, &error, &not_all));
    ck_assert(all && !not_all);
    for (int n = 0; n < 2; n++) {
        ck_ok(error, pst_ranks_tell(ranks, &error, first ? (n ? "a text" : "") : "another", &told));
        ck_assert_str_eq(told, n ? "a text" : "");
        pst_free(told);
    }
}

START_TEST(ranks_share_what_they_know) { thread_ranks_run(RANKS, 0, share, NULL); }
END_TEST

int main(void) {
    Suite *suite = suite_create("agree");
    TCase *tests = tcase_create("ranks");
    tcase_add_test(tests, the_first_reason_is_told);
    tcase_add_test(tests, who_failed_outside_waits_for_those_within);
    tcase_add_test(tests, ranks_share_what_they_know);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
