/* When a score is reliable; other programs' load; the machine. */
/* promise: score */
#include <string.h>

#include "base/load.h"
#include "support.h"
#include "transfer/benchmark.h"

static pst_score idle(void) {
    pst_score score = {.value = 0.3, .other_load = 0.01};
    for (size_t i = 0; i < PST_SCORE_SIZES; i++)
        score.sizes[i] = (pst_score_size){.size = 512 << i,
                                          .rounds = 10,
                                          .least_seconds = 1,
                                          .median_seconds = 1.2,
                                          .most_seconds = 2,
                                          .third_seconds = 1.02,
                                          .half_seconds = {1, 1.02}};
    return score;
}

static void judge(pst_score score, bool graphics, bool vgg19, const char *reason) {
    pst_score_judge(&score, graphics, vgg19);
    ck_assert_msg(score.reliable == !*reason, "%s", score.reason);
    ck_assert_msg(*reason ? strstr(score.reason, reason) != NULL : !*score.reason, "%s: %s", reason, score.reason);
}

START_TEST(a_score_is_judged) {
    pst_score score = idle();
    judge(score, false, true, "");
    judge(score, false, false, "shapes of VGG-19");
    score.other_load = 0.04;
    judge(score, false, true, "took 4 %");
    judge(score, true, true, "");
    score.other_load = 0.6;
    judge(score, true, true, "took 60 %");
    score.other_load = -1;
    judge(score, false, true, "is not known, and the median of the rounds is 20 %");
    score.sizes[0].median_seconds = score.sizes[1].median_seconds = 1.09;
    judge(score, false, true, "");
    score.sizes[1].half_seconds[0] = 1.06;
    judge(score, true, true, "differ by");
    score = idle();
    score.sizes[0].half_seconds[1] = 1.031;
    judge(score, false, true, "differ by 3.1 %");
    score = idle();
    score.sizes[1].third_seconds = 1.04;
    judge(score, false, true, "third least round is 4.0 %");
    score.sizes[1].rounds = 3; /* the third is the slowest */
    judge(score, false, true, "");
}
END_TEST

/* What more rounds may mend, and what they do not. */
START_TEST(a_score_is_settled_or_not) {
    pst_score score = idle();
    ck_assert(pst_score_is_settled(&score));
    score.other_load = 0.5;
    ck_assert(pst_score_is_settled(&score));
    score.speed_varied = 0.019;
    judge(score, true, true, "");
    ck_assert(pst_score_is_settled(&score));
    score.speed_varied = 0.021;
    ck_assert(!pst_score_is_settled(&score));
    score.other_load = 0;
    judge(score, false, true, "the processor's own speed varied by 2.1 % (another guest or its clock)");
    score = idle();
    score.sizes[0].half_seconds[0] = 1.06;
    ck_assert(!pst_score_is_settled(&score));
    score = idle();
    score.sizes[1].third_seconds = 1.04;
    ck_assert(!pst_score_is_settled(&score));
}
END_TEST

START_TEST(load_is_the_part_of_others) {
    const pst_load before = {true, 100, 50, 20}, after = {true, 110, 58, 26}, alone = {true, 110, 56, 26.2},
                   hidden = {true, 110, 51, 28}, unknown = {0};
    ck_assert_double_eq_tol(pst_load_of_others(&before, &after), 0.2, 1e-9);
    ck_assert_double_eq_tol(pst_load_of_others(&before, &alone), 0, 1e-9);
    ck_assert_double_lt(pst_load_of_others(&before, &hidden), 0);
    ck_assert_double_lt(pst_load_of_others(&unknown, &after), 0);
    ck_assert_double_lt(pst_load_of_others(&before, &unknown), 0);
    ck_assert_double_lt(pst_load_of_others(&before, &before), 0); /* no time has passed */
    const pst_load now = pst_load_now();
    ck_assert(!now.known || (now.all >= now.used && now.used > 0 && now.own > 0));
}
END_TEST

START_TEST(the_machine_is_described) {
    pst_machine_info machine;
    pst_machine(&machine);
    ck_assert_int_ge(machine.threads, 1);
    ck_assert(*machine.system && strlen(machine.processor) < sizeof machine.processor);
    ck_assert(!strchr(machine.processor, '\n') && !strchr(machine.system, '"'));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("score");
    TCase *tests = tcase_create("score");
    tcase_add_test(tests, a_score_is_judged);
    tcase_add_test(tests, a_score_is_settled_or_not);
    tcase_add_test(tests, load_is_the_part_of_others);
    tcase_add_test(tests, the_machine_is_described);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
