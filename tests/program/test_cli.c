/* The program from the outside: what it prints, and what it says to bad options and files. */
/* promise: options */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_fixture.h"

/* ---- what it prints ---- */

START_TEST(test_help_fits_and_version_is_known) {
    for (int all = 0; all < 2; all++) {
        int lines = 0;
        ck_run(all ? "--help-all" : "--help");
        ck_assert_str_eq(said, "");
        ck_assert_ptr_nonnull(strstr(printed, "--style-weight X"));
        ck_assert((strstr(printed, "--lbfgs-num-correction") != NULL) == all);
        for (const char *line = printed; *line; line += strcspn(line, "\n") + 1, lines++)
            ck_assert_msg(strcspn(line, "\n") <= 80, "too long: %.*s", (int)strcspn(line, "\n"), line);
        ck_assert(all || lines <= 50);
    }
    ck_run("-h");
    ck_run("--version");
    ck_assert_int_eq(strncmp(printed, "pastiche ", 9), 0);
    ck_run("devices");
    ck_assert_ptr_nonnull(strstr(printed, "\n* marks the device that is used."));
    ck_run("devices --device 0");
    ck_assert_ptr_nonnull(strstr(printed, "* 0 "));
    ck_assert_int_eq(run("devices --device no-such-device"), 1);
    ck_assert_int_eq(run("devices everything"), 2);
}
END_TEST

/* ---- networks ---- */

START_TEST(test_networks_are_told_about_and_converted) {
    ck_run("model info net.safetensors");
    ck_assert_str_eq(said, "");
    static const char *const lines[] = {"format       safetensors\n", "convention   Caffe: BGR",
                                        " in 13 convolutions\n", "conv1_1      3 -> 6\n", "conv5_1      12 -> 12\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(printed, lines[i]) != NULL, "no \"%s\" in: %s", lines[i], printed);
    ck_assert_ptr_null(strstr(printed, "lacks"));
    ck_run("model info net.safetensors --convention torchvision");
    ck_assert_ptr_nonnull(strstr(printed, "torchvision: RGB"));

    static const int channels[5] = {4, 4, 4, 0, 0}, units[5] = {1, 1, 1, 0, 0};
    test_write_network(test_path("short.safetensors"), channels, units, 1);
    ck_run("model info short.safetensors");
    ck_assert_ptr_nonnull(strstr(printed, "missing      relu4_1, relu5_1, relu4_2 of the default layers\n"));

    ck_assert_ptr_null(strstr(printed, "8 bits"));
    static const int8_t steps[27] = {100, -3};
    static const float scale = 0.5f, bias = 1;
    test_write_safetensors(
        test_path("eight.safetensors"), NULL, 3,
        (const test_tensor[]){
            {.name = "conv1_1.weight", .dtype = "I8", .dims = 4, .shape = {1, 3, 3, 3}, .data = steps, .bytes = 27},
            {.name = "conv1_1.bias", .dtype = "F32", .dims = 1, .shape = {1}, .data = &bias, .bytes = 4},
            {.name = "conv1_1.weight_scale", .dtype = "F32", .dims = 1, .shape = {1}, .data = &scale, .bytes = 4}});
    ck_run("model info eight.safetensors");
    ck_assert_ptr_nonnull(
        strstr(printed, "format       safetensors\n             weights in 8 bits, with a scale for"));
    ck_run("model convert eight.safetensors float.safetensors");
    ck_run("model info float.safetensors");
    ck_assert_ptr_null(strstr(printed, "8 bits"));

    ck_run("model convert net.safetensors same.safetensors");
    ck_run("model convert --f16 net.safetensors half.safetensors");
    ck_assert_ptr_nonnull(strstr(printed, "half.safetensors: 13 convolutions of net.safetensors, F16\n"));
    ck_run(TINY "-o a.png --iterations 2 --seed 1");
    ck_run(IMAGES "--model same.safetensors -o b.png --iterations 2 --seed 1");
    ck_same_bytes("a.png", "b.png", true);
    ck_run(IMAGES "--model half.safetensors -o b.png --iterations 2 --seed 1");

    ck_refused("tun", 2, "tun: no command and no file", "--help");
    ck_refused("content.ppm", 2, "no style image given", "usage");
    ck_refused("model", 2, "model", "--help");
    ck_refused("model turn net.safetensors", 2, "model turn", "no such command (list, fetch, info, convert)");
    ck_refused("style", 2, "style: ", "a second word is missing (make, info); see pastiche style --help");
    ck_refused("model info", 2, "no file", "model info FILE");
    ck_refused("model info a b", 2, "b", "too many");
    ck_refused("model info net.safetensors --convention keras", 2, "keras", "auto, caffe or torchvision");
    ck_refused("model info no.txt", 1, "no.txt", "is a text");
    ck_refused("model info gone.pth", 1, "gone.pth", "no such file");
    ck_refused("model convert net.safetensors", 2, "two files", "OUT.safetensors");
    ck_refused("model convert net.safetensors out.h5", 2, "out.h5", ".safetensors");
    ck_refused("model convert net.safetensors ./net.safetensors", 2, "./net.safetensors", "another file");
    ck_refused("model convert net.safetensors no/such.safetensors", 1, "no/such.safetensors", "folder");
    for (size_t i = 0; i < 4; i++)
        cli_forget((const char *[]){"same.safetensors", "half.safetensors", "short.safetensors", "b.png"}[i]);
    ck_run("model --help");
    ck_assert_ptr_nonnull(strstr(printed, "pastiche model convert FILE OUT"));
}
END_TEST

/* ---- options ---- */

/* With a network that is not there the program stops after the options and before any device: a quick way to see them
 * accepted. */
static void ck_accepted(const char *options) {
    char command[512];
    snprintf(command, sizeof command, IMAGES "%s --model missing", options);
    ck_refused(command, 1, "missing: no such file", "pastiche model list");
}

START_TEST(test_every_spelling_of_neural_style_is_accepted) {
    static const char *const table[][2] = {
        {"style_blend_weights", "1"},
        {"image_size", "512"},
        {"gpu", "0"},
        {"gpu", "-1"},
        {"gpu", "c"},
        {"gpu", "0,1,c"},
        {"content_weight", "5"},
        {"style_weight", "1e2"},
        {"tv_weight", "0.001"},
        {"tv_weight", "1e-3"},
        {"tv_weight", "0"},
        {"num_iterations", "1000"},
        {"init", "random"},
        {"init", "image"},
        {"init_image", "style.ppm"},
        {"optimizer", "lbfgs"},
        {"optimizer", "adam"},
        {"print_iter", "50"},
        {"print_iter", "0"},
        {"save_iter", "100"},
        {"save_iter", "0"},
        {"output_image", "out.png"},
        {"style_scale", "1.0"},
        {"style_scale", ".5"},
        {"original_colors", "0"},
        {"original_colors", "1"},
        {"pooling", "max"},
        {"pooling", "avg"},
        {"seed", "-1"},
        {"seed", "123"},
        {"learning_rate", "1e1"},
        {"lbfgs_num_correction", "100"},
        {"lbfgs_num_correction", "0"},
        {"content_layers", "relu4_2"},
        {"style_layers", "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1"},
        {"backend", "cudnn"},
        {"proto_file", "models/VGG_ILSVRC_19_layers_deploy.prototxt"},
        {"multigpu_strategy", "3,4"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int form = 0; form < 8; form++) {
            char options[256], name[64];
            strcpy(name, table[i][0]);
            for (char *c = name; form & 2 && *c; c++)
                *c = *c == '_' ? '-' : *c;
            snprintf(options, sizeof options, "%s%s%s%s", form & 1 ? "--" : "-", name, form & 4 ? "=" : " ",
                     table[i][1]);
            ck_accepted(options);
        }
    }
    ck_accepted("-normalize_gradients");
    ck_accepted("--normalize-gradients");
    ck_accepted("-cudnn_autotune");
    ck_accepted("--original-colors");
    ck_accepted("-original_colors --seed 1");
    ck_refused("-content_image a.jpg -style_image b.jpg,c.jpg -model_file missing", 1, "missing: no such file", "");
    ck_refused("-model_file net.safetensors", 2, "no content", "--help");
    ck_refused("content.ppm --model net.safetensors", 2, "no style", "STYLE");
}
END_TEST

START_TEST(test_bad_options_get_one_clear_line) {
    static const char *const table[][3] = {
        {"--stlye-weight 3", "--stlye-weight", "did you mean --style-weight?"},
        {"-stile_scale=2", "-stile_scale", "did you mean --style-scale?"},
        {"--frobnicate", "--frobnicate", "--help"},
        {"-style_weight", "-style_weight", "needs a value"},
        {"--style-weight --plan", "--style-weight", "needs a value"},
        {"--style-weight=", "--style-weight", "not a number"},
        {"-content_weight 5x", "-content_weight", "5x"},
        {"-content_weight nan", "nan", "not a number"},
        {"-content_weight inf", "inf", "not a number"},
        {"-content_weight 0x10", "0x10", "not a number"},
        {"-content_weight 1e999", "1e999", "not a number"},
        {"-content_weight -1", "-1", "must be from 0"},
        {"-image_size 512.5", "512.5", "not a whole number"},
        {"-image_size big", "big", "not a whole number"},
        {"-image_size 0", "-image_size", "must be from 1"},
        {"-image_size 99999999999999999999", "-image_size", "must be from 1 to 65535"},
        {"-seed 99999999999999999999", "-seed", ": must be from -1 to 9000000000000000"},
        {"-seed -", "-seed", "not a whole number"},
        {"-num_iterations 0", "-num_iterations", "must be from 1"},
        {"-num_iterations -5", "-num_iterations", "must be from 1"},
        {"-style_scale 0", "-style_scale", "must be from"},
        {"-momentum 1", "-momentum", "must be from 0"},
        {"-original_colors 2", "-original_colors", "0 or 1"},
        {"-original_colors=yes", "-original_colors", "0 or 1"},
        {"-normalize_gradients=1", "-normalize_gradients", "no value"},
        {"-optimizer sgd", "sgd", "lbfgs, adam, gradient-descent or lbfgs-plain"},
        {"--color-space lab", "lab", "yuv or oklab"},
        {"--match-colors mean", "mean", "none, cholesky, pca, symmetric or histogram"},
        {"-pooling min", "min", "max, avg or l2"},
        {"-init noise", "noise", "random or image"},
        {"--loss huber", "huber", "mean, gatys or wasserstein"},
        {"--preset neural", "neural", "best, neural-style, neural-style-pt, gatys, style-transfer-pytorch or 0.1"},
        {"--preset", "--preset", "value"},
        {"-adam_betas .9", ".9", "two numbers"},
        {"-adam_betas .9,1", ".9,1", "from 0 to 0.999999"},
        {"--average 1", "--average", ""},
        {"--clamp", "clamping", "Adam"},
        {"--average .9 --optimizer lbfgs-plain", "average", "Adam"},
        {"--tv-kind cubes", "cubes", "squares, absolute or nine-point"},
        {"-gpu fast", "fast", "GPU"},
        {"--style-weight 1e12 --strength 1", "--style-weight 1e+12 times 5.623, the factor of --strength 1,",
         "is 5.623e+12; it must be from 0 to 1e+12"},
        {"--preset best --tv-weight 5e11 --strength 1", "--tv-weight 5e+11 times", "--strength 1"},
        {"-style_blend_weights 1,2", "2 numbers", "1 style"},
        {"-style_blend_weights 0", "-style_blend_weights", "not all 0"},
        {"-style_blend_weights 1,,2", "1,,2", "list"},
        {"-style_image style.ppm", "style.ppm", "use one of them"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char command[512];
        snprintf(command, sizeof command, TINY "%s", table[i][0]);
        ck_refused(command, 2, table[i][1], table[i][2]);
    }
    ck_refused("-content_image content.ppm -style_image a.ppm,,b.ppm --model n", 2, "a.ppm,,b.ppm", "empty");
}
END_TEST

START_TEST(test_unknown_options_get_the_sensible_suggestion) {
    static const char *const table[][2] = {
        /* a whole word of a name, also in the plural */
        {"--size", "--image-size?"},
        {"--tv", "--tv-weight or --tv-kind?"},
        {"--layer", "--content-layers or --style-layers?"},
        {"--scale", "--style-scale or --scales?"},
        {"--weight", "--content-weight or --style-weight?"},
        {"--gpus", "--gpu?"},
        {"--seeds", "--seed?"},
        /* how a name begins */
        {"--optim", "--optimizer?"},
        {"--mem", "--memory?"},
        {"--out", "--output?"},
        /* words of other programs */
        {"--iter", "--iterations?"},
        {"--iters", "--iterations?"},
        {"--epochs", "--iterations?"},
        {"--total-variation", "--tv-weight?"},
        {"--adam", "--optimizer adam?"},
        {"--style-strength", "--style-weight?"},
        {"--num-steps", "--iterations?"},
        {"--width", "--image-size?"},
        {"--max-size", "--image-size?"},
        {"--lr", "--learning-rate?"},
        {"--content", "--content-image?"},
        {"--style", "--style-image?"},
        {"--preserve-colors", "--original-colors?"},
        {"--cpu", "--device cpu?"},
        /* slips */
        {"--iteratoins", "--iterations?"},
        {"--contnet-wieght", "--content-weight?"},
        /* a word too many */
        {"--model-path", "--model?"},
        {"--tile-size", "--tile?"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char command[128], answer[128];
        snprintf(command, sizeof command, TINY "%s 5", table[i][0]);
        snprintf(answer, sizeof answer, "%s: unknown option; did you mean %s", table[i][0], table[i][1]);
        ck_refused(command, 2, answer, "");
    }
    ck_refused("batch a --style b", 2, "did you mean --styles?", "");
    ck_refused("batch a --force", 2, "did you mean --overwrite?", "");
    ck_refused(TINY "--threads 4", 2, "--threads: unknown option; see pastiche --help", "");
    ck_refused(TINY "--verbose", 2, "--verbose: unknown option; see pastiche --help", "");
}
END_TEST

START_TEST(test_bad_files_get_one_clear_line) {
    static const int wide[5] = {6, 8}, two[5] = {1, 1};
    test_write_network(test_path("small.safetensors"), wide, two, 1);
    write_cut("cut.safetensors", "net.safetensors", .7);
    write_cut("header.safetensors", "net.safetensors", .01);
    write_ppm("cut.ppm", 80, 60, 5000, 1);
    write_ppm("1x1.ppm", 1, 1, 0, 1);
    ck_run(TINY "--iterations 1 -o whole.png");
    write_cut("cut.png", "whole.png", .5);
    static const float weights[4 * 3 * 3 * 5];
    const test_tensor wrong[] = {{"conv1_1.weight", "F32", 4, {4, 5, 3, 3}, weights, sizeof weights},
                                 {"conv1_1.bias", "F32", 1, {4}, weights, 16}};
    test_write_safetensors(test_path("wrong.safetensors"), test_network_metadata, 2, wrong);
    const test_tensor lying[] = {{"conv1_1.weight", "F32", 4, {1000000, 3, 3, 3}, weights, 108},
                                 {"conv1_1.bias", "F32", 1, {4}, weights, 16}};
    test_write_safetensors(test_path("lying.safetensors"), test_network_metadata, 2, lying);

    static const char *const images[] = {"missing.jpg", "empty.png", "cut.ppm", "cut.png", "no.txt", "1x1.ppm", "."};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        char command[256];
        snprintf(command, sizeof command, "%s style.ppm --model net.safetensors --image-size 64", images[i]);
        ck_refused(command, 1, images[i], ": ");
    }
    ck_refused("content.ppm style.ppm --model net.safetensors --image-size 8 --remainder floor", 2, "8x6", "");
    ck_refused("content.ppm no.txt --model net.safetensors", 1, "no.txt", "not an image");
    ck_refused(TINY "--start no.txt", 1, "no.txt", "not an image");

    static const char *const networks[] = {"missing.safetensors", "empty.png",         "cut.safetensors",   "no.txt",
                                           "header.safetensors",  "wrong.safetensors", "lying.safetensors", "."};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        char command[256];
        snprintf(command, sizeof command, IMAGES "--model %s", networks[i]);
        ck_refused(command, 1, networks[i], ": ");
    }
    ck_refused(IMAGES "--model small.safetensors", 2, "relu", "");
    ck_refused(TINY "-style_layers relu1_1,relu9_9", 2, "relu9_9", "");
    ck_refused(TINY "-content_layers relu1_1=x", 2, "relu1_1", "");
    ck_refused(TINY "--device no-such-device", 1, "no-such-device", "");
}
END_TEST

START_TEST(test_bad_outputs_are_told_at_once) {
    ck_refused(TINY "-o nowhere/out.png", 1, "nowhere", "");
    ck_refused(TINY "-o out.xyz", 2, "out.xyz", "");
    ck_assert_int_eq(mkdir(test_path("folder.png"), 0700), 0);
    ck_refused(TINY "-o folder.png", 1, "folder.png", "");
    ck_assert_int_eq(symlink("content.ppm", test_path("link.png")), 0);
    ck_refused(TINY "-o link.png", 2, "link.png", "input");
    cli_forget("link.png");
    ck_refused(TINY "--log content.ppm", 2, "content.ppm", "--log");
    ck_refused(TINY "-o out.png --log out.png", 2, "out.png", "--log");
    test_write(test_path("notes.txt"), "precious", 8);
    ck_refused(TINY "--log notes.txt", 1, "notes.txt: is no log and is not replaced", "");
    test_write(test_path("notes.txt"), "{\"name\": 1}\n", 12);
    ck_refused(TINY "--log notes.txt", 1, "notes.txt: is no log and is not replaced", "");
    if (geteuid() != 0) { /* whom nothing is forbidden */
        ck_assert_int_eq(chmod(test_path("notes.txt"), 0222), 0);
        ck_refused(TINY "--log notes.txt", 1, "notes.txt: cannot be read (Permission denied)", "");
        ck_assert_int_eq(chmod(test_path("notes.txt"), 0644), 0);
    }
    ck_refused(TINY "--log nowhere/log", 1, "nowhere/log: the log cannot be written: its folder does not exist", "");
    ck_assert_int_eq(symlink("nowhere/log", test_path("log")) | symlink("loop", test_path("loop")), 0);
    ck_refused(TINY "--log log", 1, "log: the log cannot be written: its folder does not exist", "");
    ck_refused(TINY "--log loop", 1, "loop: the log cannot be written: ", "");
    cli_forget("log"), cli_forget("loop"), cli_forget("notes.txt");
}
END_TEST

/* Of a run, before it has made any of them: one would be written over the other. */
START_TEST(test_outputs_are_different_files) {
    ck_refused(TINY "-o new.png --log ./new.png", 2, "./new.png: is both the log", "--log");
    ck_refused(TINY "-o new.png --checkpoint new.png", 2, "new.png: is both the checkpoint", "--checkpoint");
    ck_refused(TINY "-o new.png --log a --checkpoint folder.png/../a", 2, "is both the log and another", "--log");
    ck_assert_int_eq(symlink("new.png", test_path("first")) | symlink("folder.png/../new.png", test_path("chain")) |
                         symlink("chain", test_path("second")),
                     0);
    ck_refused(TINY "-o new.png --log second", 2, "second: is both the log", "--log");
    ck_refused(TINY "-o new.png --checkpoint first --log second", 2, "second: is both the log", "--log");
    ck_refused(TINY "-o new.png --checkpoint second", 2, "second: is both the checkpoint", "--checkpoint");
    /* Folders that are made for the checkpoint. */
    ck_refused(TINY "-o new.png --checkpoint new/../content.ppm", 2, "is both the checkpoint", "--checkpoint");
    ck_refused(TINY "-o new.png --checkpoint ./new/./er/../../new.png", 2, "is both the checkpoint", "--checkpoint");
    ck_refused(TINY "-o new.png --log a --checkpoint new/../a", 2, "a: is both the log", "--log");
    ck_assert(!cli_exists("new") && !cli_exists("a"));
    ck_run(TINY "--iterations 1 -o other.png --log first --quiet");
    ck_assert(cli_exists("new.png") && cli_exists("other.png"));
    cli_forget("new.png"), cli_forget("other.png"), cli_forget("first"), cli_forget("second"), cli_forget("chain");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cli");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 200);
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_add_test(all, test_help_fits_and_version_is_known);
    tcase_add_test(all, test_networks_are_told_about_and_converted);
    tcase_add_test(all, test_every_spelling_of_neural_style_is_accepted);
    tcase_add_test(all, test_bad_options_get_one_clear_line);
    tcase_add_test(all, test_unknown_options_get_the_sensible_suggestion);
    tcase_add_test(all, test_bad_files_get_one_clear_line);
    tcase_add_test(all, test_bad_outputs_are_told_at_once);
    tcase_add_test(all, test_outputs_are_different_files);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
