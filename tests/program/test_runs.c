/* Runs of the program: their options, files and logs, and how they end. */
/* promise: options interrupt */
#define _XOPEN_SOURCE 700 /* POSIX 2008 and terminals */

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli_fixture.h"

START_TEST(test_defaults_are_neural_styles_and_runs_repeat) {
    ck_run(TINY "--iterations 12 -o plain.png --preset 0.1");
    ck_assert_str_eq(printed, "");
    ck_assert_ptr_nonnull(strstr(said, "net.safetensors, 64x48 pixels, 12 iterations"));
    ck_assert_ptr_nonnull(strstr(said, "\n12/12  loss "));
    ck_assert_ptr_nonnull(strstr(said, "plain.png: after 12 of 12 iterations"));
    ck_image("plain.png", 64, 48);
    /* numerics.md's table, word for word but for the sizes of this test */
    ck_run("-content_image content.ppm -style_image style.ppm -model_file net.safetensors -image_size 64 "
           "-num_iterations 12 -style_blend_weights 1 -content_weight 5 -style_weight 100 -tv_weight 1e-3 "
           "-init random -optimizer lbfgs -print_iter 50 -save_iter 100 -output_image spelled.png -style_scale 1.0 "
           "-original_colors 0 -pooling max -seed -1 -content_layers relu4_2 "
           "-style_layers relu1_1,relu2_1,relu3_1,relu4_1,relu5_1 -lbfgs_num_correction 100 -backend nn "
           "-cudnn_autotune -proto_file x -multigpu_strategy 2 --no-metadata");
    ck_same_bytes("plain.png", "spelled.png", true);
    static const char *const idle[] = {"backend", "cudnn-autotune", "proto-file", "multigpu-strategy"};
    for (size_t i = 0; i < 4; i++)
        ck_assert_msg(strstr(said, idle[i]) && strstr(said, "no meaning"), "no notice of %s: %.900s", idle[i], said);
    ck_run(TINY "--iterations 12 -o other.png --seed 7 --preset 0.1 --quiet");
    ck_assert_str_eq(said, "");
    ck_same_bytes("plain.png", "other.png", false);
    cli_forget("plain.png"), cli_forget("spelled.png"), cli_forget("other.png");
}
END_TEST

/* Every line of a log is an object whose terms add up to the loss; returns one term of the first line. */
static double read_log(const char *name, int lines, const char *wanted) {
    static char text[65536];
    double first = NAN;
    int count = 0;
    for (char *line = strtok(read_whole(test_path(name), text, sizeof text), "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL), *value;
        ck_assert_msg(object != NULL, "not JSON: %s", line);
        ck_assert_int_eq(json_integer_value(json_object_get(object, "iteration")), ++count);
        ck_assert(json_is_number(json_object_get(object, "seconds")));
        double loss = json_number_value(json_object_get(object, "loss")), sum = 0;
        const char *key;
        json_object_foreach(json_object_get(object, "terms"), key, value) {
            sum += json_number_value(value);
            if (count == 1 && strcmp(key, wanted) == 0)
                first = json_number_value(value);
        }
        ck_assert_msg(loss > 0 && fabs(sum - loss) <= 1e-6 * loss, "%g is not %g in %s", sum, loss, line);
        json_decref(object);
    }
    ck_assert_int_eq(count, lines);
    ck_assert_msg(isfinite(first), "no term %s", wanted);
    return first;
}

START_TEST(test_log_and_weights) {
    ck_run(TINY "--iterations 5 --log log.json -save_iter 2 -print_iter 2");
    double content = read_log("log.json", 5, "content.relu4_2"), style = read_log("log.json", 5, "style.relu3_1");
    ck_assert_ptr_nonnull(strstr(said, "\n2/5  loss"));
    ck_assert_ptr_null(strstr(said, "\n3/5  loss"));
    ck_image("out.png", 64, 48);
    ck_image("out_2.png", 64, 48);
    ck_image("out_4.png", 64, 48);
    cli_forget("out_2.png"), cli_forget("out_4.png");
    ck_run(TINY "--iterations 2 --log=log.json --save-iter 2 -content_weight 10 -style_weight 300");
    ck_assert_double_eq_tol(read_log("log.json", 2, "content.relu4_2") / content, 2, 1e-5);
    ck_assert_double_eq_tol(read_log("log.json", 2, "style.relu3_1") / style, 3, 1e-5);
    ck_assert_msg(!cli_exists("out_2.png"), "the last iteration's image is the output itself");
    cli_forget("log.json"), cli_forget("out.png");
}
END_TEST

/* The loss of the first image as it is printed; smoothness is no part of what neural-style prints. */
static double first_loss(const char *more) {
    char command[256];
    double loss = 0;
    snprintf(command, sizeof command,
             TINY "--iterations 1 --print-iter 1 --style-weight 1 --content-weight 1 --start content -o loss.png %s",
             more);
    ck_run(command);
    const char *line = strstr(said, "1/1  loss ");
    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(sscanf(line, "1/1  loss %lf", &loss), 1);
    return loss;
}

START_TEST(test_neural_style_prints_no_smoothness) {
    ck_assert_double_eq(first_loss("--preset neural-style --tv-weight 1000"),
                        first_loss("--preset neural-style --tv-weight 0"));
    ck_assert_double_gt(first_loss("--preset neural-style-pt --tv-weight 1000"),
                        2 * first_loss("--preset neural-style-pt --tv-weight 0"));
}
END_TEST

START_TEST(test_log_that_fails_does_not_cost_the_image) {
    if (access("/dev/full", W_OK) != 0)
        return;
    ck_assert_int_eq(run(TINY "--iterations 2 --log /dev/full --quiet"), 1);
    ck_assert_ptr_nonnull(strstr(said, "/dev/full: the log is not complete"));
    ck_assert_ptr_eq(strchr(said, '\n'), strrchr(said, '\n'));
    ck_image("out.png", 64, 48);
    cli_forget("out.png");
}
END_TEST

START_TEST(test_starts_styles_and_optimizers) {
    ck_run(IMAGES "more,style.ppm --model net.safetensors --iterations 2 --style-blend-weights 3,7 --start content "
                  "--optimizer adam --original-colors --pooling avg --normalize-gradients --loss gatys -o out.jpg");
    ck_image("out.jpg", 64, 48);
    ck_run(TINY "--iterations 2 --match-colors histogram --original-colors --color-space oklab -o out.jpg");
    ck_assert_ptr_null(strstr(said, "--color-space"));
    ck_run(TINY "--iterations 2 --match-colors pca --color-space oklab -o out.jpg");
    ck_assert_ptr_nonnull(strstr(said, "only with --original-colors"));
    ck_run("-content_image content.ppm -style_image more,style.ppm -image_size 64 -model_file net.safetensors "
           "--iterations 2 -init image -init_image style.ppm -optimizer gradient-descent -learning_rate 1 -momentum .5 "
           "-decay .1 -gpu 0 -o out.bmp");
    bool said_none = strstr(said, "--gpu 0: there is no GPU; the best device is used") != NULL;
    ck_image("out.bmp", 64, 48);
    ck_assert(said_none == (run("devices --device gpu") != 0));
    if (said_none)
        ck_refused(TINY "--device gpu -o no.png", 1, "there is no GPU that has an OpenCL driver",
                   "'pastiche devices' lists all devices");
    ck_refused(TINY "--device gpu:99 -o no.png", 1,
               said_none ? "there is no GPU that has an OpenCL driver" : "there is no GPU of number '99'",
               "'pastiche devices' lists all devices");
    ck_refused(TINY "--device all,0 -o no.png", 2, "'all' means every device", "not in a list");
    ck_refused(TINY "--device 99 -o no.png", 1, "there is no OpenCL device 99", "'pastiche devices' lists all devices");
    ck_refused(TINY "--device nobody -o no.png", 1, "no OpenCL device is called 'nobody'",
               "'pastiche devices' lists all devices");
    ck_refused(TINY "--gpu 99 -o no.png", 1, "--gpu 99: there ", "'pastiche devices' lists all devices");
    ck_refused(TINY "-gpu 0,99 -o no.png --quiet", 1, "--gpu 99: there ", "--gpu -1 means the CPU");
    ck_run("-style_image style.ppm,content.ppm -style_blend_weights 1,2 content.ppm --image-size=64 "
           "--model=net.safetensors --iterations 3 --start style.ppm --min-improvement .999999 --improvement-window 1 "
           "-o out.tga");
    ck_assert_ptr_null(strstr(said, "3 of 3"));
    ck_image("out.tga", 64, 48);
    setenv("PASTICHE_MODEL", "net.safetensors", 1);
    setenv("PASTICHE_DEVICE", "no-such-device", 1);
    ck_refused(IMAGES "--iterations 1", 1, "no-such-device", "");
    ck_run(IMAGES "--iterations 1 --device 0 --loss-threshold 1e29");
    unsetenv("PASTICHE_DEVICE");
    unsetenv("PASTICHE_MODEL");
    cli_forget("out.jpg"), cli_forget("out.bmp"), cli_forget("out.tga"), cli_forget("out.png");
}
END_TEST

/* A mask of the content: two colors side by side, and of the styles a color or a file. */
static void write_mask(const char *name, int width, int height, const unsigned char *left, const unsigned char *right) {
    static unsigned char file[32 + 200 * 200 * 3];
    int at = sprintf((char *)file, "P6 %d %d 255\n", width, height);
    for (int i = 0; i < width * height; i++, at += 3)
        memcpy(file + at, 2 * (i % width) < width ? left : right, 3);
    test_write(test_path(name), file, (size_t)at);
}

/* What a run cannot do anything with, and one that came to nothing. */
START_TEST(test_what_has_no_effect_is_told) {
    ck_run(TINY "--iterations 1 --momentum 0.5 --guides all --checkpoint-every 9 --adam-betas .8,.9");
    ck_assert_ptr_nonnull(strstr(said, "--momentum is used only with --optimizer gradient-descent"));
    ck_assert_ptr_nonnull(strstr(said, "--guides is used only with --content-mask"));
    ck_assert_ptr_nonnull(strstr(said, "--checkpoint-every is used only with --checkpoint"));
    ck_assert_ptr_nonnull(strstr(said, "--adam-betas is used only with --optimizer adam"));
    ck_run(TINY "--iterations 1 --quality 50");
    ck_assert_ptr_nonnull(strstr(said, "--quality is used only with a result that is a JPEG or WebP file"));
    ck_run(TINY "--iterations 1 --quality 50 --format jpeg");
    ck_assert_ptr_null(strstr(said, "is used only"));
    ck_run(TINY "--iterations 6 --optimizer adam --adam-betas .8,.9 --learning-rate 1e6");
    ck_assert_ptr_null(strstr(said, "is used only"));
    ck_assert_ptr_nonnull(strstr(said, "no step lowered the loss"));
    ck_assert_ptr_nonnull(strstr(said, "a smaller --learning-rate"));
    ck_run(TINY "--iterations 6 --optimizer gradient-descent");
    ck_assert_ptr_null(strstr(said, "no step lowered the loss"));
    ck_refused(TINY "--iterations 1 --tile 64 --memory 1M", 1, "let it take more memory", "");
    cli_forget("out.png");
}
END_TEST

START_TEST(test_kernels_come_from_a_folder) {
    char folder[1024];
    ck_run(TINY "--iterations 2 -o kernels-in.png");
    snprintf(folder, sizeof folder, "%s/cl", getenv("PASTICHE_SOURCE"));
    setenv("PASTICHE_KERNELS", folder, 1);
    ck_run(TINY "--iterations 2 -o kernels-out.png");
    ck_same_bytes("kernels-in.png", "kernels-out.png", true);
    setenv("PASTICHE_KERNELS", "no-such-folder", 1);
    ck_refused(TINY "--iterations 2", 1, "no-such-folder", "no such file");
    unsetenv("PASTICHE_KERNELS");
    setenv("PASTICHE_KERNELS_FORM", "neither", 1);
    ck_refused(TINY "--iterations 2", 2, "PASTICHE_KERNELS_FORM \"neither\"", "must be cpu or gpu");
    unsetenv("PASTICHE_KERNELS_FORM");
    cli_forget("kernels-in.png");
    cli_forget("kernels-out.png");
}
END_TEST

START_TEST(test_masks) {
    static const unsigned char red[] = {255, 0, 0}, blue[] = {0, 0, 255}, green[] = {0, 255, 0};
    write_mask("mask.ppm", 80, 60, red, blue);
    write_mask("square.ppm", 50, 50, red, blue);
    write_mask("green.ppm", 50, 70, green, green);
    write_mask("own.ppm", 50, 70, red, blue); /* the style has 50x70 pixels */
    ck_run(TINY "--iterations 3 --content-mask mask.ppm --style-masks #fe0003 --scales 2 -o masked.png");
    ck_assert_msg(strstr(said, "region #ff0000, 50.0% of the content: style 1\n") &&
                      strstr(said, "region #0000ff, 50.0% of the content: in no style's mask, keeps the content\n"),
                  "%s", said);
    ck_image("masked.png", 64, 48);
    ck_run(
        TINY
        "--iterations 3 --content-mask mask.ppm --style-masks own.ppm --guides inside --loss wasserstein -o both.png");
    ck_run(TINY "--iterations 3 --content-mask mask.ppm --style-masks own.ppm --guides all --plan");
    ck_same_bytes("masked.png", "both.png", false);
    static const char *const wrong[][3] = {
        {"--content-mask mask.ppm", "--content-mask", "needs --style-masks"},
        {"--style-masks own.ppm", "--style-masks", "needs --content-mask"},
        {"--content-mask mask.ppm --style-masks own.ppm,own.ppm", "2 masks", "1 style"},
        {"--content-mask mask.ppm --style-masks own.ppm,,own.ppm", "--style-masks", "empty"},
        {"--content-mask mask.ppm --style-masks own.ppm --guides some", "some", "simple, all or inside"},
        {"--content-mask square.ppm --style-masks own.ppm", "square.ppm: ", "the same proportions"},
        {"--content-mask mask.ppm --style-masks square.ppm", "square.ppm: ", "the same proportions"},
        {"--content-mask mask.ppm --style-masks green.ppm", ": #ff0000 #0000ff", "mask.ppm: no mask of a style has"},
        {"--content-mask mask.ppm --style-masks own.ppm -o mask.ppm", "mask.ppm", "input"},
        {"--content-mask mask.ppm --style-masks style.ppm", "style.ppm: ", "each region has one"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char command[512];
        snprintf(command, sizeof command, TINY "%s", wrong[i][0]);
        ck_refused(command, 2, wrong[i][1], wrong[i][2]);
    }
    ck_refused(TINY "--content-mask missing.png --style-masks own.ppm", 1, "missing.png", "");
    ck_refused(TINY "--content-mask mask.ppm --style-masks no.txt", 1, "no.txt", "not an image");
    cli_forget("masked.png"), cli_forget("both.png");
    cli_forget("mask.ppm"), cli_forget("square.ppm"), cli_forget("green.ppm");
    cli_forget("own.ppm");
}
END_TEST

START_TEST(test_the_demonstration_needs_nothing) {
    ck_run("demo --image-size 64 --iterations 3 --quiet");
    ck_image("pastiche-landscape.png", 640, 448);
    ck_image("pastiche-strokes.png", 1024, 1024);
    ck_image("pastiche-mosaic.png", 512, 512);
    ck_image("pastiche-demo.png", 64, 44);
    ck_assert_int_eq(rename(test_path("pastiche-demo.png"), test_path("first.png")), 0);
    ck_run("demo --image-size 64 --iterations 3 --quiet");
    ck_same_bytes("pastiche-demo.png", "first.png", true);
    ck_refused("demo --no-such-option", 2, "no-such-option", "");
    cli_forget("pastiche-landscape.png"), cli_forget("pastiche-strokes.png"), cli_forget("pastiche-mosaic.png");
    ck_refused("demo --model absent.safetensors", 1, "absent.safetensors", "");
    cli_forget("first.png"), cli_forget("pastiche-demo.png"), cli_forget("pastiche-landscape.png");
    cli_forget("pastiche-strokes.png"), cli_forget("pastiche-mosaic.png");
}
END_TEST

START_TEST(test_networks_go_by_name) {
    static char net[1 << 20];
    struct stat about;
    ck_run("model list");
    ck_assert_str_eq(said, "");
    ck_assert_msg(strstr(printed, "  vgg19 ") && strstr(printed, test_path("data")) && !strstr(printed, "installed: "),
                  "%s", printed);
    const char *usual = strstr(printed, "* "), *inside[2] = {"small", "medium"};
    char line[80];
    for (int i = 0; i < 2; i++) { /* one of which is the default */
        snprintf(line, sizeof line, "%c %-21sis inside the program\n",
                 usual && strncmp(usual + 2, inside[i], strlen(inside[i])) == 0 ? '*' : ' ', inside[i]);
        ck_assert_msg(strstr(printed, line) != NULL, "no \"%s\" in: %s", line, printed);
    }
    snprintf(line, sizeof line, "the network is built-in:%s.safetensors",
             usual && usual[2] == 'm' ? "medium" : "small");
    ck_run(IMAGES "--plan");
    ck_assert_msg(strstr(said, line) != NULL, "no \"%s\" in: %s", line, said);
    ck_run("model info medium");
    ck_assert_ptr_nonnull(strstr(printed, " in 13 convolutions\n"));
    ck_refused(IMAGES "--model vgg19", 1, "vgg19: ", "not installed");
    ck_assert_int_eq(mkdir(test_path("data"), 0700), 0);
    ck_assert_int_eq(stat(test_path("net.safetensors"), &about), 0);
    ck_assert_int_lt(about.st_size, (long)sizeof net);
    read_whole(test_path("net.safetensors"), net, sizeof net);
    test_write(test_path("data/vgg19.safetensors"), net, (size_t)about.st_size);
    ck_run("model list");
    ck_assert_msg(strstr(printed, "* vgg19 ") && strstr(printed, "installed: ") && strstr(printed, "* marks the"), "%s",
                  printed);
    ck_run(IMAGES "--iterations 1 -o by-default.png");
    ck_assert_msg(strstr(said, "the network is ") && strstr(said, "data/vgg19.safetensors\n"), "%s", said);
    ck_run(IMAGES "--model vgg19-keras --iterations 1 -o by-name.png");
    ck_assert_ptr_null(strstr(said, "the network is"));
    ck_run(TINY "--iterations 1 -o by-file.png");
    ck_same_bytes("by-default.png", "by-name.png", true);
    ck_same_bytes("by-default.png", "by-file.png", true);
    ck_refused(IMAGES "-o data/vgg19.safetensors", 2, "vgg19.safetensors", "an input");
    ck_run("model --help");
    ck_assert_ptr_nonnull(strstr(printed, "pastiche model fetch"));
    ck_run("model fetch --help");
    ck_refused("model", 2, "model", "--help");
    ck_refused("model frobnicate", 2, "frobnicate", "--help");
    ck_refused("model fetch", 2, "no network named", "model list");
    cli_forget("data/vgg19.safetensors"), cli_forget("by-default.png"), cli_forget("by-name.png"),
        cli_forget("by-file.png");
    ck_assert_int_eq(rmdir(test_path("data")), 0);
}
END_TEST

/* ---- signals ---- */

static void interrupt(int number) {
    const struct timespec nap = {.tv_nsec = 20000000};
    static char log[65536];
    cli_forget("log.json");
    pid_t child = start(TINY "--iterations 100000 --save-iter 0 --log log.json");
    for (int naps = 0; naps < 3000 && !strchr(read_whole(test_path("log.json"), log, sizeof log), '\n'); naps++)
        nanosleep(&nap, NULL);
    kill(child, number);
    int code = wait_for(child);
    ck_assert_msg(code == 128 + number, "exit code %d after signal %d: %.900s", code, number, said);
    ck_assert_ptr_nonnull(strstr(said, "stopped after"));
    ck_image("out.png", 64, 48);
    cli_forget("log.json"), cli_forget("out.png");
}

START_TEST(test_signals_end_it_with_an_image) {
    unsigned files = files_hash();
    interrupt(SIGINT);
    interrupt(SIGTERM);
    ck_assert_uint_eq(files_hash(), files);
}
END_TEST

#ifdef __linux__
/* Starts it with a terminal as stderr, whose other end is *seen. */
static pid_t start_on_terminal(const char *command, int *seen) {
    *seen = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(*seen >= 0 && grantpt(*seen) == 0 && unlockpt(*seen) == 0);
    const int own = open(ptsname(*seen), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(own, 0);
    char line[1024];
    snprintf(line, sizeof line, "cd '%s' && TERM=xterm exec \"$PASTICHE_PROGRAM\" %s", test_path(""), command);
    const pid_t child = fork();
    if (child == 0) {
        dup2(own, STDERR_FILENO);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    close(own);
    return child;
}

/* Whoever looks at it is told at once that the interrupt was heard. */
START_TEST(test_an_interrupt_is_answered_on_a_terminal) {
    static char log[65536], text[65536];
    size_t got = 0;
    ssize_t more;
    int seen;
    cli_forget("log.json");
    pid_t child = start_on_terminal(TINY "--iterations 100000 --save-iter 0 --log log.json", &seen);
    for (int naps = 0; naps < 3000 && !strchr(read_whole(test_path("log.json"), log, sizeof log), '\n'); naps++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    kill(child, SIGINT);
    while ((more = read(seen, text + got, sizeof text - 1 - got)) > 0) /* the end of a terminal is an error */
        got = got + (size_t)more < sizeof text / 2 ? got + (size_t)more : 0;
    text[got] = '\0';
    close(seen);
    ck_assert_int_eq(wait_for(child), 128 + SIGINT);
    ck_assert_ptr_nonnull(strstr(text, "pastiche: stops after what is at hand; Ctrl-C again ends it at once"));
    ck_assert_ptr_nonnull(strstr(text, "stopped after"));
    cli_forget("log.json"), cli_forget("out.png");
}
END_TEST
#endif

int main(void) {
    Suite *suite = suite_create("runs");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 200);
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_add_test(all, test_defaults_are_neural_styles_and_runs_repeat);
    tcase_add_test(all, test_log_and_weights);
    tcase_add_test(all, test_neural_style_prints_no_smoothness);
    tcase_add_test(all, test_log_that_fails_does_not_cost_the_image);
    tcase_add_test(all, test_starts_styles_and_optimizers);
    tcase_add_test(all, test_kernels_come_from_a_folder);
    tcase_add_test(all, test_what_has_no_effect_is_told);
    tcase_add_test(all, test_masks);
    tcase_add_test(all, test_the_demonstration_needs_nothing);
    tcase_add_test(all, test_networks_go_by_name);
    tcase_add_test(all, test_signals_end_it_with_an_image);
#ifdef __linux__
    tcase_add_test(all, test_an_interrupt_is_answered_on_a_terminal);
#endif
    suite_add_tcase(suite, all);
    return test_run(suite);
}
