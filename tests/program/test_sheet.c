/* Contact sheets, from the outside: every variant is the run that its caption's options make, in an even grid, with
 * words below. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_fixture.h"
#include "image/image.h"

#define SHEET TINY "--sheet sheet.png --sheet-size 64 --sheet-iterations 4 "
enum { WIDTH = 64, HEIGHT = 48 }; /* of a variant of content.ppm */

static pst_image *read_image(const char *name) {
    pst_image *image;
    ck_assert_msg(pst_img_read(NULL, test_path(name), &image) == PST_OK, "%s: not an image", name);
    return image;
}

static bool is_at(const pst_image *sheet, const pst_image *cell, int x, int y) {
    for (int row = 0; row < cell->height; row++)
        if (memcmp(sheet->rgb + 3 * ((size_t)(y + row) * (size_t)sheet->width + (size_t)x),
                   cell->rgb + 3 * (size_t)row * (size_t)cell->width, sizeof(float) * 3 * (size_t)cell->width) != 0)
            return false;
    return true;
}

/* Where the cell's pixels lie in the sheet: at one place exactly. */
static void find(const pst_image *sheet, const pst_image *cell, const char *what, int *at_x, int *at_y) {
    int found = 0;
    for (int y = 0; y + cell->height <= sheet->height; y++) {
        for (int x = 0; x + cell->width <= sheet->width; x++) {
            if (!is_at(sheet, cell, x, y))
                continue;
            *at_x = x, *at_y = y;
            found++;
        }
    }
    ck_assert_msg(found == 1, "%s is %d times in the sheet", what, found);
}

/* Pixels in a rectangle that are not as the sheet's corner. */
static int ink_in(const pst_image *sheet, int x, int y, int width, int height) {
    int count = 0;
    for (int row = y < 0 ? 0 : y; row < y + height && row < sheet->height; row++)
        for (int column = x < 0 ? 0 : x; column < x + width && column < sheet->width; column++)
            count += memcmp(sheet->rgb + 3 * ((size_t)row * (size_t)sheet->width + (size_t)column), sheet->rgb,
                            3 * sizeof(float)) != 0;
    return count;
}

/* A column of words, read back: the dark pixels of one line, as a number that differs between texts. */
static uint64_t words_at(const pst_image *sheet, int x, int y, int width, int height) {
    uint64_t hash = 5381;
    for (int row = y; row < y + height && row < sheet->height; row++)
        for (int column = x; column < x + width && column < sheet->width; column++)
            hash = hash * 33 + (ink_in(sheet, column, row, 1, 1) != 0);
    return hash;
}

static void single(const char *options, int iterations) {
    char command[512];
    snprintf(command, sizeof command, TINY "%s --iterations %d --save-iter 0 -o single.png", options, iterations);
    ck_run(command);
}

START_TEST(test_the_usual_sheet) {
    static const char *const weights[] = {"10", "32", "100", "320", "1000"}, *const starts[] = {"content", "noise"};
    int x[10], y[10];
    unsigned files = files_hash();
    ck_run(SHEET "--original-colors");
    ck_assert_ptr_nonnull(strstr(said, "--style-weight 320 --start content: after 4 of 4 iterations"));
    ck_assert_ptr_nonnull(strstr(said, "sheet.png: 10 of 10 variants"));
    ck_assert_ptr_null(strstr(said, "out.png"));
    pst_image *sheet = read_image("sheet.png");
    for (int i = 0; i < 10; i++) {
        char options[128];
        snprintf(options, sizeof options, "--original-colors --style-weight %s --start %s", weights[i % 5],
                 starts[i / 5]);
        single(options, 4);
        pst_image *cell = read_image("single.png");
        find(sheet, cell, options, &x[i], &y[i]);
        pst_image_destroy(cell);
    }
    int pitch = x[1] - x[0], step = y[5] - y[0];
    ck_assert_int_ge(pitch, 9 * (int)strlen("--style-weight 1000")); /* the captions have room */
    ck_assert_int_gt(step, HEIGHT + 2 * 15);
    uint64_t captions[10];
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(x[i], x[0] + i % 5 * pitch);
        ck_assert_int_eq(y[i], y[0] + i / 5 * step);
        ck_assert_int_gt(ink_in(sheet, x[i], y[i] + HEIGHT + 4, pitch, 2 * 19), 200);
        captions[i] = words_at(sheet, x[i], y[i] + HEIGHT + 4, pitch - 12, 42);
        for (int k = 0; k < i; k++)
            ck_assert_uint_ne(captions[i], captions[k]);
        /* to the right of it nothing, but the frame of the settings as they are */
        bool framed = i == 2;
        ck_assert_int_eq(ink_in(sheet, x[i] + WIDTH, y[i], 3, HEIGHT), framed ? 3 * HEIGHT : 0);
        ck_assert_int_eq(ink_in(sheet, x[i] + WIDTH + 3, y[i], pitch - WIDTH - 6, HEIGHT), 0);
    }
    /* the margins are empty and even, and the content and the style stand above */
    ck_assert_int_eq(ink_in(sheet, 0, 0, sheet->width, 20), 0);
    ck_assert_int_eq(ink_in(sheet, 0, sheet->height - 20, sheet->width, 20), 0);
    ck_assert_int_eq(ink_in(sheet, 0, 0, 20, sheet->height), 0);
    ck_assert_int_eq(ink_in(sheet, sheet->width - 20, 0, 20, sheet->height), 0);
    pst_image *content = read_image("content.ppm"), *style = read_image("style.ppm"), *small, *written;
    const pst_image *shown[] = {content, style};
    const int sizes[2][2] = {{64, 48}, {34, 48}};
    for (int i = 0; i < 2; i++) {
        int at_x, at_y;
        ck_assert_int_eq(pst_img_resize(NULL, shown[i], sizes[i][0], sizes[i][1], &small), PST_OK);
        ck_assert_int_eq(pst_img_write(NULL, small, test_path("small.png"), NULL), PST_OK);
        written = read_image("small.png"); /* in whole levels */
        find(sheet, written, i == 0 ? "the content" : "the style", &at_x, &at_y);
        ck_assert_int_eq(at_x, x[i]);
        ck_assert_int_lt(at_y + HEIGHT, y[0]);
        pst_image_destroy(small);
        pst_image_destroy(written);
    }
    pst_image_destroy(content), pst_image_destroy(style), pst_image_destroy(sheet);
    cli_forget("single.png"), cli_forget("sheet.png"), cli_forget("small.png");
    ck_assert_uint_eq(files_hash(), files);
}
END_TEST

START_TEST(test_any_options_make_the_axes) {
    static const char *const options[] = {"--style-scale .8 --image-size 40", "--style-scale 1.5 --image-size 40",
                                          "--style-scale .8 --image-size 64", "--style-scale 1.5 --image-size 64"};
    ck_run(SHEET "--sheet-columns style_scale=.8,1.5 --sheet-rows=--image-size=40,64 --log log.json --quiet");
    ck_assert_str_eq(said, "");
    pst_image *sheet = read_image("sheet.png");
    int x[4], y[4], base[4];
    for (int i = 0; i < 4; i++) {
        single(options[i], 4);
        pst_image *cell = read_image("single.png");
        find(sheet, cell, options[i], &x[i], &y[i]);
        base[i] = y[i] + cell->height;
        pst_image_destroy(cell);
    }
    ck_assert(x[0] == x[2] && x[1] == x[3] && base[0] == base[1] && base[2] == base[3] && x[1] - x[0] > 64 &&
              base[2] - base[0] > 48);
    pst_image_destroy(sheet);
    static char log[65536];
    read_whole(test_path("log.json"), log, sizeof log);
    ck_assert_ptr_nonnull(strstr(log, "\"run\":\"--style-scale 1.5 --image-size 64\""));
    /* one variant alone */
    ck_run(SHEET "--sheet-columns tv-weight=7 --sheet-rows optimizer=adam");
    sheet = read_image("sheet.png");
    single("--tv-weight 7 --optimizer adam", 4);
    pst_image *cell = read_image("single.png");
    find(sheet, cell, "the only variant", x, y);
    pst_image_destroy(cell), pst_image_destroy(sheet);
    /* a start that is an image is not overruled */
    ck_run(SHEET "--start style.ppm");
    ck_assert_ptr_nonnull(strstr(said, "sheet.png: 5 of 5 variants"));
    cli_forget("single.png"), cli_forget("sheet.png"), cli_forget("log.json");
}
END_TEST

/* Names that are no UTF-8, have combining accents, or are longer than the page, and more styles than it shows. */
START_TEST(test_odd_names_and_many_styles) {
    char command[2048] = "caf\xe9\xf0.ppm ";
    write_ppm("caf\xe9\xf0.ppm", 40, 64, 0, 1);
    for (int i = 0; i < 14; i++) {
        char name[128];
        snprintf(name, sizeof name,
                 "a\xcc\x88\xe6\x9d\xb1 and a name that is much longer than there is room for on the page %02d.ppm", i);
        write_ppm(name, 40, 30 + i, 0, (uint64_t)i);
        for (char *c = name; *c; c++)
            *c = *c == ' ' ? '\1' : *c;
        strcat(strcat(command, name), " ");
    }
    strcat(command, "--model net.safetensors --sheet sheet.png --sheet-size 64 --sheet-iterations 1 --sheet-columns "
                    "seed=1 --sheet-rows seed=1 --quiet");
    ck_run(command);
    pst_image *sheet = read_image("sheet.png");
    ck_assert_int_eq(ink_in(sheet, sheet->width - 20, 0, 20, sheet->height), 0);
    ck_assert_int_gt(sheet->height, 6 * (64 + 2 * 19)); /* twelve of them, two in a row */
    pst_image_destroy(sheet);
    cli_forget("sheet.png"), cli_forget("caf\xe9\xf0.ppm");
}
END_TEST

START_TEST(test_sheets_that_cannot_work) {
    static const struct {
        const char *options;
        int code;
        const char *word, *other;
    } table[] = {
        {"--sheet-columns 10,100", 2, "--sheet-columns", "style-weight=10,100"},
        {"--sheet-columns style-weight=", 2, "--sheet-columns", "values"},
        {"--sheet-columns =1,2", 2, "--sheet-columns", "option"},
        {"--sheet-columns style-wait=1,2", 2, "--style-wait", "no option"},
        {"--sheet-rows normalize-gradients=0,1", 2, "--normalize-gradients", "no option"},
        {"--sheet-rows sheet-size=0,1", 2, "--sheet-size", "no option"},
        {"--sheet-rows style-weight=1,x", 2, "--style-weight", "x"},
        {"--sheet-rows style-layers=relu1_1,relu9_9", 2, "relu9_9", ""},
        {"--sheet-columns "
         "seed=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33",
         2, "32", "values"},
        {"--sheet content.ppm", 2, "content.ppm", "an input"},
        {"--sheet nowhere/sheet.png", 1, "nowhere", ""},
        {"--sheet sheet.xyz", 2, "sheet.xyz", ".png"},
        {"--sheet-size 8", 2, "--sheet-size", "from 16"},
        {"--start no.txt", 1, "no.txt", "not an image"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char command[512];
        snprintf(command, sizeof command, SHEET "--quiet %s", table[i].options);
        ck_refused(command, table[i].code, table[i].word, table[i].other);
    }
    ck_run(SHEET "--plan");
    ck_assert_ptr_nonnull(strstr(printed, "64x48 pixels"));
    ck_assert_ptr_null(strstr(said, "--output"));
    ck_run(SHEET "--plan -o result.png");
    ck_assert_ptr_nonnull(strstr(said, "--output is used only with one result; --sheet names its own file\n"));
    ck_assert(!cli_exists("sheet.png"));
}
END_TEST

/* What was painted is there; a variant that was broken off is not passed off as whole. */
START_TEST(test_an_interrupt_keeps_the_variants_so_far) {
    static char log[1 << 16];
    const struct timespec nap = {.tv_nsec = 5000000};
    pid_t child =
        start(TINY "--sheet sheet.png --sheet-size 64 --sheet-iterations 100000 --sheet-columns loss-threshold=1e29,0 "
                   "--sheet-rows start=noise --log log.json --print-iter 0");
    for (int naps = 0; naps < 10000 && !strstr(read_whole(test_path("log.json"), log, sizeof log), "threshold 0");
         naps++)
        nanosleep(&nap, NULL);
    kill(child, SIGINT);
    int code = wait_for(child);
    ck_assert_msg(code == 130 && strstr(said, "1 of 2 variants"), "exit code %d: %.900s", code, said);
    single("--loss-threshold 1e29 --start noise", 100000);
    pst_image *sheet = read_image("sheet.png"), *cell = read_image("single.png");
    int x, y;
    find(sheet, cell, "the whole variant", &x, &y);
    pst_image_destroy(cell), pst_image_destroy(sheet);
    cli_forget("single.png"), cli_forget("sheet.png"), cli_forget("log.json");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sheet");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 200);
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_add_test(all, test_the_usual_sheet);
    tcase_add_test(all, test_any_options_make_the_axes);
    tcase_add_test(all, test_odd_names_and_many_styles);
    tcase_add_test(all, test_sheets_that_cannot_work);
    tcase_add_test(all, test_an_interrupt_keeps_the_variants_so_far);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
