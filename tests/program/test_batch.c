/* pastiche batch and folders of images, from the outside: what is painted, skipped, refused, and left after Ctrl-C.
 */
/* promise: batches */
#define _XOPEN_SOURCE 700

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"

#define OPTIONS "--model net.safetensors --image-size 48 --print-iter 0 "
#define QUICK OPTIONS "--iterations 2 "

static void prepare_folders(void) {
    prepare();
    cli_folder("photos"), cli_folder("styles"), cli_folder("photos/below"), cli_folder("more"), cli_folder("empty");
    write_ppm("photos/my photo.ppm", 60, 40, 0, 4);
    write_ppm("photos/b.ppm", 40, 60, 0, 5);
    write_ppm("photos/.hidden.ppm", 40, 60, 0, 5);
    write_ppm("photos/below/deep.ppm", 40, 60, 0, 5);
    write_ppm("styles/mosa\xc3\xafque.ppm", 50, 50, 0, 6);
    write_ppm("styles/sea.ppm", 64, 48, 0, 7);
    write_ppm("more/b.ppm", 44, 44, 0, 8);
    test_write(test_path("photos/notes.txt"), "no image\n", 9);
    test_write(test_path("empty/notes.txt"), "no image\n", 9);
}

static int files_in(const char *name) {
    char list[2048];
    snprintf(list, sizeof list, "ls -A '%s' 2>/dev/null | wc -l", test_path(name));
    FILE *count = popen(list, "r");
    int files = -1;
    ck_assert_int_eq(fscanf(count, "%d", &files), 1);
    pclose(count);
    return files;
}

static void ck_not_said(const char *words) {
    ck_assert_msg(strstr(said, words) == NULL, "\"%s\" in: %.1800s", words, said);
}

static ino_t inode(const char *name) {
    struct stat about;
    ck_assert_msg(stat(test_path(name), &about) == 0, "%s: not there", name);
    return about.st_ino;
}

static const char *const products[4] = {"out/my photo__mosa\xc3\xafque.png", "out/my photo__sea.png",
                                        "out/b__mosa\xc3\xafque.png", "out/b__sea.png"};

START_TEST(test_the_product_is_the_single_runs) {
    static const char *const pairs[4] = {"photos/my\1photo.ppm styles/mosa\xc3\xafque.ppm ",
                                         "photos/my\1photo.ppm styles/sea.ppm ",
                                         "photos/b.ppm styles/mosa\xc3\xafque.ppm ", "photos/b.ppm styles/sea.ppm "};
    ck_run("batch photos --styles styles/ -o out " QUICK);
    ck_said("\npastiche: 4 of 4"), ck_said("4 of 4 images painted"), ck_not_said("5 of"), ck_not_said("hidden");
    ck_said("pastiche: left out, not images that can be read: photos/notes.txt\n");
    ck_said("my photo.ppm in the style of mosa\xc3\xafque.ppm, 48x32 pixels");
    ck_assert_int_eq(files_in("out"), 4);
    for (int i = 0; i < 4; i++) {
        char command[512];
        snprintf(command, sizeof command, "%s %s -o single.png", pairs[i], QUICK);
        ck_run(command);
        ck_same_bytes(products[i], "single.png", true);
    }
    ck_same_bytes(products[0], products[1], false);

    /* the same command again does nothing; with one missing it does that one; and all when it is told to */
    ino_t first = inode(products[0]), last = inode(products[3]);
    ck_run("batch photos --styles styles -o out/ " QUICK);
    ck_said("0 of 4 images painted"), ck_said("4 skipped, which exist");
    cli_forget(products[1]);
    ck_run("batch --contents photos --styles styles -o ./out " QUICK);
    ck_said("1 of 4 images painted"), ck_said("3 skipped");
    ck_assert(inode(products[0]) == first && inode(products[3]) == last && cli_exists(products[1]));
    ck_run("batch photos --styles styles -o out --overwrite " QUICK);
    ck_said("4 of 4 images painted"), ck_not_said("skipped");
    ck_assert_int_eq(files_in("out"), 4);
    ck_assert(inode(products[0]) != first);
    cli_forget("single.png"), cli_forget_folder("out");
}
END_TEST

START_TEST(test_names_and_log) {
    ck_run("batch photos/b.ppm content.ppm --styles style.ppm --name {style}/{content}.of.{style}.jpg -o deep/er --log "
           "log.json " QUICK);
    ck_image("deep/er/style/b.of.style.jpg", 32, 48);
    ck_image("deep/er/style/content.of.style.jpg", 48, 36);
    static char log[65536];
    int lines[2] = {0};
    for (char *line = strtok(read_whole(test_path("log.json"), log, sizeof log), "\n"); line;
         line = strtok(NULL, "\n")) {
        ck_assert_msg(strstr(line, "\"run\":\"deep/er/style/b.of") ||
                          strstr(line, "\"run\":\"deep/er/style/content.of"),
                      "%s", line);
        lines[strstr(line, "style/b.of") == NULL]++;
    }
    ck_assert(lines[0] == 2 && lines[1] == 2);
    /* what is painted later is added */
    cli_forget("deep/er/style/b.of.style.jpg");
    ck_run("batch photos/b.ppm content.ppm --styles style.ppm --name {style}/{content}.of.{style}.jpg -o deep/er --log "
           "log.json " QUICK);
    int all = 0;
    for (const char *c = read_whole(test_path("log.json"), log, sizeof log); *c; c++)
        all += *c == '\n';
    ck_assert_int_eq(all, 6);
    /* images on the way only when asked for, and then beside the result */
    ck_run("batch content.ppm --styles style.ppm -o deep --save-iter 2 " OPTIONS "--iterations 3");
    ck_assert(cli_exists("deep/content__style_2.png") && cli_exists("deep/content__style.png"));
    ck_run("batch content.ppm --styles style.ppm -o deep --overwrite " OPTIONS "--iterations 102");
    ck_assert(!cli_exists("deep/content__style_100.png"));
    cli_forget("log.json"), cli_forget_folder("deep");
}
END_TEST

START_TEST(test_one_failure_does_not_stop_the_others) {
    cli_folder("mixed");
    write_ppm("mixed/a.ppm", 60, 40, 0, 4);
    write_ppm("mixed/cut.ppm", 60, 40, 3000, 4);
    write_ppm("mixed/one.ppm", 1, 1, 0, 4);
    write_ppm("mixed/z.ppm", 60, 40, 0, 9);
    ck_assert_int_eq(run("batch mixed --styles styles -o out " QUICK), 1);
    ck_assert_int_eq(files_in("out"), 4);
    ck_said("mixed/cut.ppm: "), ck_said("mixed/one.ppm: has only 1x1 pixels");
    ck_said("4 of 8 images painted"), ck_said("4 failed");
    const char *told = strstr(said, "mixed/cut.ppm: ");
    ck_assert_ptr_null(strstr(told + 1, "mixed/cut.ppm: ")); /* once, not for every style */
    ck_assert_ptr_nonnull(strstr(told, "1 of 4: "));         /* and before anything is painted */
    /* a style that is bad costs the images in that style */
    write_ppm("mixed/bad style.ppm", 60, 40, 3000, 4);
    ck_assert_int_eq(
        run("batch content.ppm photos/b.ppm --styles mixed/bad\1style.ppm style.ppm -o out --quiet " QUICK), 1);
    ck_said("mixed/bad style.ppm: ");
    ck_assert_ptr_eq(strchr(said, '\n'), strrchr(said, '\n'));
    ck_assert(cli_exists("out/content__style.png") && cli_exists("out/b__style.png") && files_in("out") == 6);
    cli_forget_folder("mixed"), cli_forget_folder("out");
}
END_TEST

/* What is no image by its name is told once, whoever looks into the folder. */
START_TEST(test_what_is_left_out_is_named) {
    cli_folder("camera");
    static const char *const others[] = {"camera/IMG_1.HEIC", "camera/IMG_2.nef", "camera/x\x1b.dng"};
    for (int i = 0; i < 3; i++)
        test_write(test_path(others[i]), "no image\n", 9);
    ck_refused("batch camera --styles style.ppm -o out --quiet", 1, "camera: there are no images",
               "camera/IMG_1.HEIC, camera/IMG_2.nef");
    ck_refused("content.ppm camera/*.n?f", 2, "no image fits this pattern", "camera/IMG_2.nef");
    write_ppm("camera/a.ppm", 40, 40, 0, 3);
    ck_run("batch camera camera/* --styles style.ppm camera -o out --quality 50 --plan " QUICK);
    ck_said("--quality is used only with a result that is a JPEG or WebP file\n");
    ck_said("left out, not images that can be read: camera/IMG_1.HEIC, camera/IMG_2.nef, camera/x?.dng\n");
    ck_run("content.ppm camera style.ppm -o a.png " QUICK);
    ck_said("left out, not images that can be read: camera/IMG_1.HEIC, camera/IMG_2.nef");
    char name[256], *list = strstr(said, "left out");
    ck_assert_ptr_null(strstr(list + 1, "left out"));
    for (int i = 0; i < 60; i++) { /* no more than a line of them */
        snprintf(name, sizeof name, "camera/%0100d.raw", i);
        test_write(test_path(name), "", 0);
    }
    ck_run("batch camera --styles style.ppm -o out --plan " QUICK);
    ck_said(" more\n");
    cli_forget("a.png"), cli_forget_folder("camera");
}
END_TEST

START_TEST(test_what_cannot_work_is_refused_before_anything_begins) {
    static const struct {
        const char *command;
        int code;
        const char *word, *other;
    } table[] = {
        {"batch photos more --styles style.ppm -o out", 2, "out/b__style.png", "more/b.ppm"},
        {"batch photos --styles styles --name {content}.png -o out", 2, "out/b.png", "styles/sea.ppm"},
        {"batch photos --styles styles --name {stile}.png -o out", 2, "{stile}", "{style}"},
        {"batch photos --styles style.ppm --name {content}.xyz -o out", 2, "out/b.xyz", ".png"},
        {"batch photos --styles style.ppm --name {content} -o out", 2, "out/", ".png"},
        {"batch photos --styles style.ppm", 2, "-o", "FOLDER"},
        {"batch photos style.ppm -o out", 2, "no style", "--styles STYLE"},
        {"batch --styles style.ppm -o out", 2, "no content", "CONTENT"},
        {"batch photos --styles style.ppm --style-image style.ppm -o out", 2, "--styles", "one of them"},
        {"batch photos --styles style.ppm --sheet s.png -o out", 2, "--sheet", "pastiche batch"},
        {"batch photos gone.ppm --styles style.ppm -o out", 1, "gone.ppm", "no such file"},
        {"batch photos --styles style.ppm gone -o out", 1, "gone", "no such file"},
        {"batch photos --style-image gone.ppm -o out", 1, "gone.ppm", "no such file"},
        {"batch empty --styles style.ppm -o out", 1, "empty", "no images"},
        {"batch photos/*.jpg --styles style.ppm -o out", 1, "photos/*.jpg", "fits"},
        {"batch photos --styles style.ppm -o out.png", 2, "out.png", "folder"},
        {"batch photos --styles style.ppm -o no.txt", 2, "no.txt", "folder"},
        {"batch photos --styles style.ppm -o no.txt/below", 1, "no.txt/below", "folder"},
        {"batch photos --styles style.ppm -o ./photos/", 2, "photos", "-o"},
        {"batch photos/b.ppm --styles styles -o styles", 2, "styles", "-o"},
        {"batch photos/*.p* --styles style.ppm -o photos", 2, "photos/*.p*", "-o"},
        {"batch photos/b.ppm --styles style.ppm --name style.tga -o . --overwrite --log photos/b.ppm", 2,
         "photos/b.ppm", "--log"},
        {"batch photos --styles style.ppm -o out --style-layers relu9_9", 2, "relu9_9", "out/"},
        {"batch photos --styles style.ppm -o out --device no-such-device", 1, "no-such-device", ""},
        {"batch photos --styles style.ppm -o out --start no.txt", 1, "no.txt", "not an image"},
        {"batch photos --styles styles -o out --style-blend-weights 1,2", 2, "2 numbers", "1 style"},
        {"batch photos --styles styles -o out --frob", 2, "--frob", ""},
        {"photos/b.ppm --styles style.ppm -o out.png", 2, "--styles", "batch"},
        {"photos/b.ppm style.ppm --overwrite", 2, "--overwrite", "batch"},
        {"photos/b.ppm style.ppm --name {content}", 2, "--name", "batch"},
        {"photos style.ppm", 1, "photos", "pastiche batch"},
        {"more/../photos/*.ppm style.ppm", 2, "*.ppm", "pastiche batch"},
        {"photos/b.ppm empty", 2, "empty", "no images"},
        {"photos/b.ppm *.jpg", 2, "*.jpg", "fits"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char command[512];
        snprintf(command, sizeof command, "%s --quiet %s", table[i].command, OPTIONS);
        ck_refused(command, table[i].code, table[i].word, table[i].other);
    }
    ck_assert_int_eq(files_in("photos"), 5);
    ck_run("batch --help");
    ck_assert_ptr_nonnull(strstr(printed, "--styles"));
}
END_TEST

/* A result must not replace what it, or another image, is made from. */
START_TEST(test_inputs_are_never_replaced) {
    cli_folder("keep");
    ck_run("photos/b.ppm style.ppm -o keep/b__style.png " QUICK);
    ck_refused("batch photos/b.ppm keep/b__style.png --styles style.ppm -o keep --overwrite --quiet " QUICK, 2,
               "keep/b__style.png", "an input");
    ck_run("batch photos/b.ppm --styles style.ppm keep/b__style.png -o keep " QUICK); /* skipped, so that nothing is
                                                                                         replaced */
    ck_said("1 of 2 images painted"), ck_said("1 skipped");
    cli_forget_folder("keep");
}
END_TEST

START_TEST(test_folders_of_styles_are_blended_in_one_run) {
    ck_run("content.ppm styles/mosa\xc3\xafque.ppm styles/sea.ppm -o listed.png --style-blend-weights 3,7 " QUICK);
    ck_run("content.ppm styles -o folder.png --style-blend-weights 3,7 " QUICK);
    ck_same_bytes("listed.png", "folder.png", true);
    ck_run("-content_image content.ppm -style_image styles -output_image folder.png -style_blend_weights 3,7 "
           "--preset best " QUICK);
    ck_same_bytes("listed.png", "folder.png", true);
    ck_run("content.ppm styles/*a*.ppm -o pattern.png --style-blend-weights 3,7 " QUICK);
    ck_same_bytes("listed.png", "pattern.png", true);
    ck_run("batch content.ppm photos/b.ppm --style-image styles -o out --style-blend-weights 3,7 " QUICK);
    ck_same_bytes("listed.png", "out/content__styles.png", true);
    ck_run("batch content.ppm --style-image styles/sea.ppm,style.ppm -o out " QUICK);
    ck_assert(cli_exists("out/b__styles.png") && cli_exists("out/content__sea+style.png") && files_in("out") == 3);
    cli_forget("listed.png"), cli_forget("folder.png"), cli_forget("pattern.png"), cli_forget_folder("out");
}
END_TEST

START_TEST(test_patterns) {
    /* ? is a character, not a byte; folders can be patterns; hidden files and what is no image do not fit */
    ck_run("batch m?r*/?.ppm photos/m*.ppm --styles styles/mosa?que.ppm -o out --plan " QUICK);
    ck_assert_msg(strncmp(printed, products[2], strlen(products[2])) == 0, "%s", printed); /* of more/b.ppm */
    ck_assert_ptr_nonnull(strstr(printed, "  48x48 pixels"));
    ck_assert_ptr_nonnull(strstr(printed, products[0]));
    ck_assert_ptr_nonnull(strstr(printed, "\n2 images to paint, in about "));
    ck_assert_ptr_null(strstr(printed, "hidden"));
    ck_run("batch photos/* --styles styles/* -o out --plan " QUICK);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(strstr(printed, products[i]) != NULL, "no %s in %s", products[i], printed);
    ck_assert_ptr_null(strstr(printed, "notes"));
    ck_assert_ptr_null(strstr(printed, "hidden"));
    ck_refused("batch */b.ppm --styles style.ppm -o out --plan " QUICK, 2, "photos/b.ppm", "more/b.ppm");
}
END_TEST

START_TEST(test_pattern_edges) {
    /* a file that is called so is that file; what is named twice is painted once; exactly one fitting is a content */
    write_ppm("odd*.ppm", 40, 40, 0, 3);
    write_ppm("oddity.ppm", 40, 40, 0, 4);
    ck_run("batch odd*.ppm --styles style.ppm -o out " QUICK);
    ck_assert(cli_exists("out/odd*__style.png") && files_in("out") == 1);
    ck_run("batch photos/b.ppm photos/b.ppm photos --styles style.ppm -o out --plan " QUICK);
    ck_assert_ptr_eq(strstr(printed, "out/b__style.png"), printed);
    ck_assert_ptr_null(strstr(printed + 1, "out/b__style.png"));
    ck_run("od?ity.ppm style.ppm -o a.png " QUICK);
    ck_run("oddity.ppm style.ppm -o b.png " QUICK);
    ck_same_bytes("a.png", "b.png", true);
    cli_forget("odd*.ppm"), cli_forget("oddity.ppm"), cli_forget("a.png"), cli_forget("b.png"),
        cli_forget_folder("out");
}
END_TEST

START_TEST(test_plan_lists_and_writes_nothing) {
    ck_run("batch content.ppm --styles style.ppm -o out " QUICK);
    unsigned files = files_hash();
    ck_run("batch content.ppm photos/b.ppm --styles style.ppm -o out --plan " QUICK);
    ck_assert_ptr_nonnull(strstr(printed, "out/content__style.png  exists\n"));
    ck_assert_ptr_nonnull(strstr(printed, "out/b__style.png  32x48 pixels, "));
    ck_assert_ptr_nonnull(strstr(printed, "\n1 image to paint, in about "));
    ck_assert_int_eq(files_in("out"), 1);
    ck_assert_uint_eq(files_hash(), files);
    ck_assert_int_eq(run("batch content.ppm --styles styles -o new --plan --lbfgs-num-correction 4096 --iterations "
                         "100000 --image-size 2048 --model net.safetensors"),
                     1);
    ck_assert_ptr_nonnull(strstr(printed, "does not fit"));
    ck_assert_uint_eq(files_hash(), files);
    cli_forget_folder("out");
}
END_TEST

/* The image at hand is kept beside its place, which stays free, so that the same command goes on. */
START_TEST(test_an_interrupt_keeps_the_image_and_says_what_is_left) {
    static char log[65536];
    const struct timespec nap = {.tv_nsec = 20000000};
    ck_run("batch photos/b.ppm --styles styles/sea.ppm -o out " QUICK);
    pid_t child = start("batch photos --styles styles -o out --log log.json " OPTIONS "--iterations 100000");
    for (int naps = 0; naps < 3000 && !strchr(read_whole(test_path("log.json"), log, sizeof log), '\n'); naps++)
        nanosleep(&nap, NULL);
    kill(child, SIGINT);
    int code = wait_for(child);
    ck_assert_msg(code == 130, "exit code %d: %.900s", code, said);
    ck_said("out/b__mosa\xc3\xafque_"), ck_said("stopped after"), ck_said("0 of 4 images painted");
    ck_said("3 left: the same command continues"), ck_said("1 skipped");
    ck_assert_int_eq(files_in("out"), 2);
    ck_assert(!cli_exists(products[2]));
    int iteration = 0;
    const char *kept = strstr(said, "out/b__mosa\xc3\xafque_");
    ck_assert_int_eq(sscanf(kept + strlen("out/b__mosa\xc3\xafque_"), "%d.png: ", &iteration), 1);
    char name[128];
    snprintf(name, sizeof name, "out/b__mosa\xc3\xafque_%d.png", iteration);
    ck_image(name, 32, 48);
    ck_run("batch photos --styles styles -o out " QUICK);
    ck_said("3 of 4 images painted"), ck_not_said(" left\n"), ck_not_said("left:");
    ck_assert_int_eq(files_in("out"), 5);
    cli_forget("log.json"), cli_forget_folder("out");
}
END_TEST

static void finish(void) {
    static const char *const folders[] = {"photos", "styles", "more", "empty"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        cli_forget_folder(folders[i]);
}

int main(void) {
    Suite *suite = suite_create("batch");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 200);
    tcase_add_unchecked_fixture(all, prepare_folders, finish);
    tcase_add_test(all, test_the_product_is_the_single_runs);
    tcase_add_test(all, test_names_and_log);
    tcase_add_test(all, test_one_failure_does_not_stop_the_others);
    tcase_add_test(all, test_what_is_left_out_is_named);
    tcase_add_test(all, test_what_cannot_work_is_refused_before_anything_begins);
    tcase_add_test(all, test_inputs_are_never_replaced);
    tcase_add_test(all, test_folders_of_styles_are_blended_in_one_run);
    tcase_add_test(all, test_patterns);
    tcase_add_test(all, test_pattern_edges);
    tcase_add_test(all, test_plan_lists_and_writes_nothing);
    tcase_add_test(all, test_an_interrupt_keeps_the_image_and_says_what_is_left);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
