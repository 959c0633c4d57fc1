/* pastiche style make and info, and runs, batches and sheets with style files, from the outside. */
#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_fixture.h"

#define MODEL "--model net.safetensors "
#define QUICK MODEL "--image-size 64 --iterations 2 --print-iter 0 --save-iter 0 --scales 1 "
#define MAKE "style make style.ppm " MODEL "--image-size 64 --min-size 40 "

static void ck_has(const char *text, const char *words) {
    ck_assert_msg(strstr(text, words) != NULL, "no \"%s\" in: %.1800s", words, text);
}

/* Of the first line of a log. */
static double first_loss(const char *name) {
    static char text[65536];
    const char *at = strstr(read_whole(test_path(name), text, sizeof text), "\"loss\":");
    ck_assert_ptr_nonnull(at);
    return atof(at + 7);
}

static void ck_same_loss(const char *a, const char *b) {
    double first = first_loss(a), second = first_loss(b);
    ck_assert_msg(first > 0 && first - second < 1e-5 * first && second - first < 1e-5 * first, "%.9g and %.9g", first,
                  second);
}

START_TEST(test_a_run_with_it_is_the_run_with_images) {
    ck_run(MAKE "-o a.style");
    ck_has(said, "a.style: style.ppm, 5 layers at 2 sizes from 45 to 64 pixels");
    ck_run(MAKE "-o again.style");
    ck_same_bytes("a.style", "again.style", true);
    ck_run("content.ppm style.ppm -o p.png --log p.json " QUICK);
    ck_run("content.ppm a.style -o s.png --log s.json " QUICK);
    ck_image("s.png", 64, 48);
    ck_same_loss("p.json", "s.json");
    ck_run("content.ppm a.style more,style.ppm -o s.png --log s.json --style-blend-weights 1,3 " QUICK);
    ck_run("content.ppm style.ppm more,style.ppm -o p.png --log p.json --style-blend-weights 1,3 " QUICK);
    ck_same_loss("p.json", "s.json");
    ck_run("style make style.ppm more,style.ppm --weights 1,3 --image-size 64 -o b.style " MODEL);
    ck_run("content.ppm b.style -o s.png --log s.json " QUICK);
    ck_same_loss("p.json", "s.json");
    /* what it is its content says */
    ck_assert_int_eq(rename(test_path("b.style"), test_path("b.jpg")), 0);
    ck_run("content.ppm b.jpg -o s.png --log s.json " QUICK);
    ck_same_loss("p.json", "s.json");
    ck_run("style info b.jpg");
    ck_has(printed, "style.ppm 1, more,style.ppm 3"), ck_has(printed, "net.safetensors"),
        ck_has(printed, "relu3_1 (10)");
    ck_has(printed, "sizes        64\n"), ck_has(printed, "average pooling");
    /* one of before, when the usual pooling was another: a run takes its */
    ck_run(MAKE "-o c.style --pooling max");
    ck_run("content.ppm c.style -o s.png --log s.json " QUICK);
    ck_run("content.ppm style.ppm -o p.png --log p.json --pooling max " QUICK);
    ck_same_loss("p.json", "s.json");
    /* a preset's features, in both commands */
    ck_run(MAKE "-o c.style --preset style-transfer-pytorch");
    ck_run("content.ppm c.style -o s.png --preset style-transfer-pytorch --log s.json " QUICK);
    ck_run("content.ppm style.ppm -o p.png --preset style-transfer-pytorch --log p.json " QUICK);
    ck_same_loss("p.json", "s.json");
    /* far from its sizes, which is said; and planned */
    ck_run("content.ppm a.style -o s.png " MODEL "--image-size 128 --iterations 1 --print-iter 0");
    ck_has(said, "a.style: its largest size is 64 pixels; it is used for 128");
    ck_run("content.ppm a.style --plan " QUICK);
    for (const char *const *name = (const char *const[]){"a.style", "again.style", "b.jpg", "c.style", "p.png", "s.png",
                                                         "p.json", "s.json", NULL};
         *name; name++)
        cli_forget(*name);
}
END_TEST

START_TEST(test_batches_masks_and_sheets) {
    ck_run(MAKE "-o a.style");
    ck_assert_int_eq(mkdir(test_path("styles"), 0700), 0);
    ck_assert_int_eq(rename(test_path("a.style"), test_path("styles/a.style")), 0);
    write_ppm("styles/sea.ppm", 64, 48, 0, 7);
    ck_run("batch content.ppm --styles styles -o out " QUICK);
    ck_image("out/content__a.png", 64, 48);
    ck_image("out/content__sea.png", 64, 48);
    ck_run("batch styles --styles styles/a.style -o both " QUICK); /* but no content */
    ck_image("both/sea__a.png", 64, 48);
    ck_assert(!cli_exists("both/a__a.png"));
    ck_run("content.ppm styles -o s.png " QUICK);
    char mask[64 + 32 * 24 * 3];
    int head = sprintf(mask, "P6\n32 24\n255\n");
    for (int i = 0; i < 32 * 24 * 3; i++)
        mask[head + i] = (char)(i / 3 % 32 < 12 ? (i % 3 == 0 ? 255 : 0) : (i % 3 == 2 ? 255 : 0));
    test_write(test_path("mask.ppm"), mask, (size_t)head + 32 * 24 * 3);
    ck_run(
        "content.ppm styles/a.style style.ppm -o s.png --content-mask mask.ppm --style-masks #ff0000,#0000ff " QUICK);
    ck_has(said, "region #ff0000"), ck_has(said, ": style 1\n"), ck_has(said, ": style 2\n");
    ck_refused("content.ppm styles/a.style -o s2.png --content-mask mask.ppm --style-masks mask.ppm " QUICK, 2,
               "mask.ppm", "several colors");
    cli_forget("mask.ppm");
    ck_run("content.ppm styles/a.style style.ppm --sheet s.png --sheet-size 48 --sheet-iterations 1 --sheet-columns "
           "style-weight=10 --sheet-rows start=content " MODEL);
    cli_forget("s.png");
}
END_TEST

START_TEST(test_what_cannot_work_is_refused) {
    ck_run(MAKE "-o a.style");
    test_write_network(test_path("other.safetensors"), (const int[]){6, 8, 10, 12, 12}, (const int[]){2, 2, 4, 4, 1},
                       9);
    write_cut("cut.style", "a.style", .7);
    ck_refused("content.ppm a.style -o s.png --model other.safetensors --image-size 64", 2,
               "a.style: was made with the network net.safetensors", "other.safetensors");
    ck_refused("content.ppm a.style -o s.png --pooling max " QUICK, 2, "a.style", "the run has max");
    ck_refused("content.ppm a.style -o s.png --match-colors pca " QUICK, 2, "a.style", "match-colors");
    ck_refused("content.ppm a.style -o s.png --style-layers relu1_2 " QUICK, 2, "a.style", "relu1_2");
    ck_refused("content.ppm cut.style -o s.png " QUICK, 1, "cut.style", "cut short");
    ck_refused("a.style style.ppm -o s.png " QUICK, 1, "a.style", "");
    ck_refused("content.ppm a.style -o a.style " QUICK, 2, "a.style", "-o");
    ck_refused("style info cut.style", 1, "cut.style", "cut short");
    ck_refused("style info style.ppm", 1, "style.ppm", "not a style file");
    ck_refused("style info gone.style", 1, "gone.style", "");
    ck_refused("style info", 2, "no file", "style info FILE");
    ck_refused("style mkae", 2, "mkae", "style --help");
    ck_refused(MAKE, 2, "-o", "OUT.style");
    ck_refused("style make -o b.style " MODEL, 2, "no image", "style make");
    ck_refused(MAKE "-o b.png", 2, "b.png", ".style");
    ck_refused(MAKE "-o b.style --iterations 4", 2, "--iterations", "style make --help");
    ck_refused(MAKE "-o b.style --weights 1,2", 2, "2 numbers", "1 style");
    ck_refused(MAKE "-o b.style --style-layers relu9_9", 2, "relu9_9", "relu1_1");
    ck_refused("style make a.style -o b.style " MODEL, 2, "a.style", "style file already");
    ck_refused("style make gone.ppm -o b.style " MODEL, 1, "gone.ppm", "");
    ck_refused("style make style.ppm --image-size 8 -o b.style " MODEL, 2, "too small", "relu5_1");
    ck_refused(MAKE "-o gone/b.style", 1, "gone/b.style", "");
    ck_run("style --help");
    ck_run("style make --help");
    ck_has(printed, "--weights LIST");
    ck_run("style info --help");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("style files");
    TCase *tests = tcase_create("style files");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, test_a_run_with_it_is_the_run_with_images);
    tcase_add_test(tests, test_batches_masks_and_sheets);
    tcase_add_test(tests, test_what_cannot_work_is_refused);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
