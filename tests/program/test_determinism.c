/* The same command gives the same bytes, and so does a run that was killed and gone on with: in every mode. All
 * randomness is the seed's. */
/* promise: repeat resume */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"

#define ITERATIONS "--iterations 24 "
/* From noise, so that each mode's option changes the image. */
#define RUN TINY "--preset 0.1 --no-tune --quiet --save-iter 0 --min-size 16 " ITERATIONS
#define RUN_ALONE "--model net.safetensors --image-size 64 --no-metadata --no-tune --quiet --iterations 4"

/* The first ones are the short tier's. */
static const char *const modes[] = {
    "",
    "--preset best",
    "--optimizer adam --scales 2",
    "--optimizer lbfgs-plain --loss gatys --start content",
    "--optimizer gradient-descent --learning-rate 1e-4 --momentum 0.5 --decay 0.1 --loss wasserstein",
    "--content-mask mask.ppm --style-masks mask2.ppm --scales 2",
    "--preset style-transfer-pytorch --scales 2 " ITERATIONS,
    "more,style.ppm --style-blend-weights 3,1 --original-colors --match-colors pca",
    "stored.style --style-blend-weights 1,2 --border zeros", /* a style file beside an image */
    /* The long tier goes on. */
    "--optimizer adam --average 0.9 --clamp",
    "--optimizer adam --adam-betas 0.8,0.99 --learning-rate 5",
    "--optimizer gradient-descent --learning-rate 1e-4 --clamp",
    "--lbfgs-num-correction 3 --scales 3",
    "--optimizer lbfgs-plain --scales 2",
    "--loss gatys --scales 2",
    "--loss wasserstein --scales 2",
    "--loss wasserstein --optimizer adam --pooling l2 --border replicate",
    "--start style.ppm",
    "--start content --scales 3",
    "--seed 5 --scales 1",
    "--pooling avg",
    "--pooling l2",
    "--border replicate",
    "--tv-kind absolute --tv-weight 1",
    "--tv-kind nine-point --tv-weight 1",
    "--range-weight 1e5",
    "--full-style-size 200 --scales 2",
    "--tv-weight 0 --content-weight 0",
    "--style-weight 0 --start content --tv-weight 10",
    "--normalize-gradients --optimizer adam",
    "--normalize-weights",
    "--original-colors --color-space oklab",
    "--match-colors cholesky",
    "--match-colors symmetric",
    "--match-colors histogram",
    "--content-mask mask.ppm --style-masks mask2.ppm --guides all",
    "--content-mask mask.ppm --style-masks mask2.ppm --guides inside --optimizer adam",
    "--content-mask mask.ppm --style-masks #ff0000", /* the rest keeps the content */
    "clear.png",                                     /* a style with transparent parts */
    "--style-scale 0.6",
    "--image-size 47 --scales 2",
    "--preset neural-style " ITERATIONS,
    "--preset neural-style-pt " ITERATIONS,
    "--preset gatys " ITERATIONS,
    "--min-improvement 0.05 --improvement-window 5 --scales 2",
    "--content-layers relu1_2=0.5,relu3_1 --style-layers relu1_1=2,relu2_1",
    "--workspace 1 --image-size 96",
    "--bits 16",
    "--choices choices.json",
};
enum { MODES = sizeof modes / sizeof modes[0], SHORT_MODES = 9 };

/* Red on the left, blue on the right. */
static void write_mask(const char *name, int width, int height) {
    char mask[64 + 3 * 40 * 40];
    int bytes = sprintf(mask, "P6\n%d %d\n255\n", width, height);
    for (int i = 0; i < width * height; i++, bytes += 3)
        memcpy(mask + bytes, i % width < width * 3 / 5 ? "\xff\0\0" : "\0\0\xff", 3);
    test_write(test_path(name), mask, (size_t)bytes);
}

static void make_inputs(void) {
    prepare();
    write_mask("mask.ppm", 40, 30);
    write_mask("mask2.ppm", 25, 35);
    float rgb[3 * 20 * 20], alpha[20 * 20];
    uint64_t seed = 3;
    for (int i = 0; i < 3 * 20 * 20; i++)
        rgb[i] = 128 + 100 * test_random(&seed);
    for (int i = 0; i < 20 * 20; i++)
        alpha[i] = i % 20 < 15 ? 1 : (float)(i % 5) / 5;
    pst_image *clear;
    ck_assert_int_eq(pst_image_create(NULL, 20, 20, rgb, &clear), PST_OK);
    ck_assert_int_eq(pst_image_set_alpha(NULL, clear, alpha), PST_OK);
    ck_assert_int_eq(pst_image_write(NULL, clear, test_path("clear.png"), NULL), PST_OK);
    pst_image_destroy(clear);
    ck_run("style make more,style.ppm --preset 0.1 --image-size 64 --min-size 16 --model net.safetensors --quiet -o "
           "stored.style");
    ck_run("tune --model net.safetensors --image-size 16 --choices choices.json");
}

static void run_mode(const char *mode, const char *more) {
    char command[1024];
    snprintf(command, sizeof command, RUN "%s %s", mode, more);
    ck_run(command);
}

/* A run that is killed once it has kept its state, somewhere; and another one that goes on. False: it was too quick. */
static bool interrupted(const char *mode) {
    char command[1024];
    snprintf(command, sizeof command, RUN "%s -o c.png --checkpoint run.state --checkpoint-every 0", mode);
    pid_t child = start(command);
    siginfo_t ended = {0};
    while (!cli_exists("run.state") && ended.si_pid == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        ck_assert_int_eq(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
    }
    nanosleep(&(struct timespec){.tv_nsec = rand() % 20000000}, NULL);
    kill(child, SIGKILL);
    if (wait_for(child) != -SIGKILL || !cli_exists("run.state"))
        return false;
    run_mode(mode, "-o c.png --checkpoint run.state --resume run.state");
    ck_assert_msg(!cli_exists("run.state"), "%s", mode);
    return true;
}

START_TEST(every_mode_repeats_itself) {
    int hits = 0, count = test_long() ? MODES : SHORT_MODES;
    for (int m = 0; m < count; m++) {
        run_mode(modes[m], "-o a.png");
        run_mode(modes[m], "-o b.png");
        ck_same_bytes("a.png", "b.png", true);
        if (m == 0)
            run_mode(modes[m], "-o plain.png");
        else if (!strstr(modes[m], "--choices")) /* which may be those that are built in */
            ck_same_bytes("a.png", "plain.png", false);
        bool hit = false;
        for (int tries = 0; tries < 5 && !hit; tries++)
            hit = interrupted(modes[m]);
        hits += hit;
        if (hit)
            ck_same_bytes("a.png", "c.png", true);
    }
    ck_assert_msg(hits > count / 2, "only %d of %d runs were broken off", hits, count);
}
END_TEST

START_TEST(batches_sheets_and_style_files_repeat_themselves) {
    static const struct {
        const char *command, *products[2]; /* in the folder "first" or "second", which the command names by %s */
    } table[] = {
        {"batch content.ppm style.ppm --styles more,style.ppm stored.style -o %s " RUN_ALONE,
         {"content__stored.png", "style__more,style.png"}},
        {"content.ppm style.ppm --sheet %s/sheet.png --sheet-size 48 --sheet-iterations 4 " RUN_ALONE, {"sheet.png"}},
        {"style make style.ppm more,style.ppm --model net.safetensors --image-size 64 -o %s/a.style", {"a.style"}},
        {"model convert net.safetensors %s/n.safetensors --f16", {"n.safetensors"}},
    };
    static const char *const folders[] = {"first", "second"};
    for (int f = 0; f < 2; f++)
        ck_assert_int_eq(mkdir(test_path(folders[f]), 0700), 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char command[1024], names[2][64];
        for (int f = 0; f < 2; f++) {
            snprintf(command, sizeof command, table[i].command, folders[f]);
            ck_run(command);
        }
        for (int p = 0; p < 2 && table[i].products[p]; p++) {
            for (int f = 0; f < 2; f++)
                snprintf(names[f], sizeof names[f], "%s/%s", folders[f], table[i].products[p]);
            ck_same_bytes(names[0], names[1], true);
        }
    }
}
END_TEST

/* Without a seed it is 0; where nothing is random it makes no difference. */
START_TEST(all_randomness_is_the_seeds) {
    static const char *const seeds[] = {"0", "1", "2", "4294967296", "9000000000000000"};
    enum { SEEDS = sizeof seeds / sizeof seeds[0] };
    char mode[64], more[80], names[SEEDS][16];
    for (int i = 0; i < SEEDS; i++) {
        snprintf(names[i], sizeof names[i], "seed%d.png", i);
        snprintf(mode, sizeof mode, "--seed %s --iterations 2", seeds[i]);
        snprintf(more, sizeof more, "-o seed%d.png", i);
        run_mode(mode, more);
        for (int k = 0; k < i; k++)
            ck_same_bytes(names[i], names[k], false);
    }
    run_mode("--iterations 2", "-o none.png");
    ck_same_bytes("none.png", names[0], true);
    run_mode("--iterations 2 --start content --seed 1", "-o a.png");
    run_mode("--iterations 2 --start content --seed 2", "-o b.png");
    ck_same_bytes("a.png", "b.png", true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("determinism");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 850);
    tcase_add_unchecked_fixture(all, make_inputs, NULL);
    tcase_add_test(all, every_mode_repeats_itself);
    tcase_add_test(all, batches_sheets_and_style_files_repeat_themselves);
    tcase_add_test(all, all_randomness_is_the_seeds);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
