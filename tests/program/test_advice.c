/* What a refusal advises works: names that clash, images that are too small. */
/* promise: batches */
#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"

#define OPTIONS "--model net.safetensors --image-size 48 --print-iter 0 "
#define QUICK OPTIONS "--iterations 2 "

/* Two results of one name: the message's --name gives all of them names of their own. */
START_TEST(test_the_hint_for_names_that_clash_works) {
    static const struct {
        const char *command, *word;
        const char *products[2]; /* with the hint; NULL: there is no hint, since no template helps */
    } table[] = {
        {"twins/a.ppm twins/a.tga --styles style.ppm", "twins/a.tga", {"a.ppm__style.ppm", "a.tga__style.ppm"}},
        {"twins/a.ppm more/a.ppm --styles style.ppm", "more/a.ppm", {"more/a__style", "twins/a__style"}},
        {"a.ppm more/a.ppm --styles style.ppm", "more/a.ppm", {"/a__style", "more/a__style"}},
        {"../TEST/a.ppm twins/A.ppm --styles style.ppm", "twins/A.ppm", {"twins/A__style", "TEST/a__style"}},
        {"a.ppm --styles more/a.ppm twins/a.ppm", "twins/a.ppm", {"a__more_a", "a__twins_a"}},
        {"more/a.ppm twins/a.ppm twins/a.tga --styles style.ppm", "", {"more/a.ppm__", "twins/a.tga__"}},
        {"twins/a.ppm twins/below/twins/a.ppm --styles style.ppm", "below", {NULL, NULL}},
        {"twins/a.ppm twins/A.ppm --styles style.ppm --name {content}.jpg", "ignores case", {NULL, NULL}},
    };
    cli_folder("more"), cli_folder("twins"), cli_folder("twins/below"), cli_folder("twins/below/twins");
    const char *const files[] = {"a.ppm",       "more/a.ppm",  "twins/a.ppm",
                                 "twins/a.tga", "twins/A.ppm", "twins/below/twins/a.ppm"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        write_ppm(files[i], 40, 40, 0, i);
    char here[1024], product[256], command[2048], hint[128] = "";
    snprintf(here, sizeof here, "%s", test_path(""));
    here[strlen(here) - 1] = '\0';
    const char *own = strrchr(here, '/') + 1;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *mark = strstr(table[i].command, "TEST");
        snprintf(command, sizeof command, "batch %.*s%s%s -o out --no-tune --plan " OPTIONS,
                 mark ? (int)(mark - table[i].command) : (int)strlen(table[i].command), table[i].command,
                 mark ? own : "", mark ? mark + 4 : "");
        ck_refused(command, 2, "would be the result of", table[i].word);
        ck_said("in two runs with different folders for -o");
        const char *told = strstr(said, "--name \"");
        ck_assert_msg(!told == !table[i].products[0], "%s: %s", command, said);
        if (!told)
            continue;
        ck_assert_int_eq(sscanf(told, "--name \"%100[^\"]", hint), 1);
        snprintf(command + strlen(command), sizeof command - strlen(command), "--quiet --name %s", hint);
        ck_run(command);
        for (int k = 0; k < 2; k++) {
            mark = strstr(table[i].products[k], "TEST");
            snprintf(product, sizeof product, "out/%s%s", mark ? own : table[i].products[k], mark ? mark + 4 : "");
            ck_assert_msg(strstr(printed, product) != NULL, "no %s in %s", product, printed);
        }
    }
    cli_forget("a.ppm"), cli_forget_folder("more"), cli_forget_folder("twins");
}
END_TEST

/* OUT_N of one result is another result. */
START_TEST(test_images_on_the_way_do_not_replace_results) {
    cli_folder("series");
    write_ppm("series/a.ppm", 40, 40, 0, 1);
    write_ppm("series/A_2.ppm", 40, 40, 0, 2);
#define SERIES "--styles style.ppm --name {content}.png --quiet " OPTIONS "--iterations 5 "
    ck_refused("batch series -o out --save-iter 2 " SERIES, 2, "out/A_2.png: would be a result",
               "an image on the way to out/a.png");
    ck_said("another --save-iter"), ck_said("different folders for -o");
    ck_refused("batch series -o out --save-iter 1 " SERIES, 2, "out/A_2.png: would be a result", "");
    ck_run("batch series -o out --save-iter 3 " SERIES);
    ck_assert(cli_exists("out/a_3.png") && cli_exists("out/A_2.png") && cli_exists("out/A_2_3.png"));
    ck_run("batch series/a.ppm -o apart/1 --save-iter 2 " SERIES);
    ck_run("batch series/A_2.ppm -o apart/2 --save-iter 2 " SERIES);
    ck_assert(cli_exists("apart/1/a_2.png") && cli_exists("apart/2/A_2.png"));
    cli_forget_folder("series"), cli_forget_folder("out"), cli_forget_folder("apart");
}
END_TEST

/* The number behind a word of the last message. */
static double advised(const char *word) {
    double value = 0;
    const char *at = strstr(said, word);
    ck_assert_msg(at && sscanf(at + strlen(word), "%lf", &value) == 1, "no %s: %s", word, said);
    return value;
}

static void ck_run_with(const char *command, const char *option, double value) {
    char text[512];
    snprintf(text, sizeof text, "%s %s %g", command, option, value);
    ck_run(text);
}

START_TEST(test_what_is_too_small_is_named_and_how_to_go_on) {
    static const char *const styles = "content.ppm thin.ppm thinner.ppm -o a.png --quiet --plan " OPTIONS,
                             *const floor = "thin.ppm thinner.ppm -o a.png --quiet --plan --remainder floor " OPTIONS,
                             *const make = "style make style.ppm thin.ppm thinner.ppm -o a.style --quiet --model "
                                           "net.safetensors";
    write_ppm("thin.ppm", 200, 20, 0, 3);
    write_ppm("thinner.ppm", 400, 10, 0, 3);
    write_ppm("line.ppm", 40000, 2, 0, 3);
    ck_refused(styles, 2, "thin.ppm: 48x4 is too small for layer relu5_1", "or remainder ceil");
    ck_run_with(styles, "--style-scale", advised("style-scale of "));
    ck_run_with(styles, "--remainder ceil --style-scale", 1);
    ck_refused("batch content.ppm --styles thin.ppm -o out --quiet " QUICK, 2, "out/content__thin.png: thin.ppm: ", "");
    ck_refused(floor, 2, "thin.ppm: 48x4 is too small for layer relu5_1", "or remainder ceil");
    ck_run_with(floor, "--image-size", advised("image size of "));
    ck_run_with(floor, "--remainder ceil --image-size", 48);
    ck_refused("style make style.ppm thin.ppm thinner.ppm -o a.style --quiet --image-size 48 --model net.safetensors",
               2, "thin.ppm: a style of 48 pixels", "or remainder ceil");
    ck_run_with(make, "--image-size", advised("image size of "));
    ck_run_with(make, "--remainder ceil --image-size", 48);
    /* where no size helps, none is named */
    ck_refused("content.ppm line.ppm -o a.png --quiet --plan " OPTIONS, 2, "line.ppm: 48x1 is too small",
               "; use remainder ceil");
    ck_run("content.ppm line.ppm -o a.png --quiet --plan --remainder ceil " OPTIONS);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("advice");
    TCase *all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, test_the_hint_for_names_that_clash_works);
    tcase_add_test(all, test_images_on_the_way_do_not_replace_results);
    tcase_add_test(all, test_what_is_too_small_is_named_and_how_to_go_on);
    return test_run(suite);
}
