/* The whole program with Oclgrind as its device: a tiny run in either form of the kernels, in which the simulator finds
 * nothing. CLBlast's products are replaced (fixtures/simulator.c). */
/* promise: oclgrind small-device */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"

static const char *const forms[] = {"cpu", "gpu"};

START_TEST(a_tiny_run) {
    static char found[4096];
    char command[2048];
    setenv("PASTICHE_KERNELS_FORM", forms[_i], 1);
    /* As fixtures/oclgrind.sh, which says why without optimization. */
    snprintf(command, sizeof command,
             "--log found --data-races --uninitialized --check-api --build-options -cl-opt-disable --max-wgsize 64 "
             "--local-mem-size 32768 %s content.ppm style.ppm --model net.safetensors --image-size 16 --iterations %d "
             "--preset 0.1 --content-layers relu2_1 --style-layers relu1_1,relu2_1 --no-tune -o out.png",
             getenv("PASTICHE_SIMULATED"), _i ? 1 : 2); /* large blocks take long */
    ck_run(command);
    ck_assert_msg(strstr(said, "Oclgrind") != NULL, "not on the simulator: %.900s", said);
    ck_image("out.png", 16, 12);
    read_whole(test_path("found"), found, sizeof found);
    ck_assert_msg(!*found, "%s: %.4000s", forms[_i], found);
    cli_forget("found"), cli_forget("out.png");
}
END_TEST

static void set_up(void) {
    static const int channels[5] = {16, 16, 16, 16, 16}, units[5] = {1, 1, 1, 1, 1};
    const char *oclgrind = getenv("PASTICHE_OCLGRIND");
    if (!oclgrind || !*oclgrind || !getenv("PASTICHE_SIMULATED"))
        exit(TEST_SKIPPED);
    prepare();
    /* Oclgrind 21.10 takes what a write to a part of a buffer leaves for never written: no channel is padded. */
    test_write_network(test_path("net.safetensors"), channels, units, 1);
    setenv("PASTICHE_PROGRAM", oclgrind, 1);
}

int main(void) {
    Suite *suite = suite_create("simulated program");
    TCase *tests = tcase_create("all");
    tcase_add_unchecked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, a_tiny_run, 0, 2);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
