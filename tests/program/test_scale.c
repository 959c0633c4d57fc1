#define _DEFAULT_SOURCE /* wait4 */
/* An image far larger than the budget of the device: what the process takes is what the plan says. */
/* promise: memory */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_fixture.h"

/* The driver, the network's file and what allocators leave over. */
#define BESIDES ((uint64_t)256 << 20)
/* The image, in its bytes: the content, the result, what is between them and files, and floats while it is resized. */
#define IMAGES_MOST 9

static const struct {
    int size; /* longer side; both have the same proportions to their budget */
    const char *budget;
    uint64_t budget_bytes, most; /* most: of the whole process */
} sizes[] = {{2048, "128M", (uint64_t)128 << 20, (uint64_t)1 << 30},
             {8192, "2G", (uint64_t)2 << 30, (uint64_t)4 << 30}};

/* As run(), without its time limit. The peak of the process in bytes. */
static uint64_t peak_of(const char *command) {
    char line[2048];
    int status;
    struct rusage usage;
    snprintf(line, sizeof line, "cd '%s' && exec '%s' %s >.out 2>.err", test_path("."), getenv("PASTICHE_PROGRAM"),
             command);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(99);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(wait4(child, &status, 0, &usage), child);
    read_whole(test_path(".out"), printed, sizeof printed);
    read_whole(test_path(".err"), said, sizeof said);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %.900s", command, said);
    return (uint64_t)usage.ru_maxrss * 1024;
}

/* The sum that the plan prints of a place. */
static uint64_t planned(const char *title) {
    const char *at = strstr(printed, title), *all = at ? strstr(at, "\n  all ") : NULL;
    return all ? strtoull(all + 7, NULL, 10) : 0;
}

START_TEST(memory_is_what_was_planned) {
    char command[512];
    const int size = sizes[_i].size;
    snprintf(command, sizeof command,
             TINY "--image-size %d --memory %s --spill . --scales 1 --lbfgs-num-correction 5 --no-tune --start content "
                  "--iterations 3 --save-iter 0 --style-scale %g -o out.bmp ",
             size, sizes[_i].budget, 128.0 / size);
    strcat(command, "--plan --ranks 1");
    ck_run(command);
    const uint64_t host = planned("In memory"), device = planned(" pixels on "), pixels = (uint64_t)size * size * 3 / 4;
    ck_assert_ptr_nonnull(strstr(printed, "It fits in tiles"));
    ck_assert_uint_gt(planned("In files"), 0);
    ck_assert_uint_le(device, sizes[_i].budget_bytes);
    *strstr(command, "--plan") = '\0';
    const uint64_t peak = peak_of(command), most = device + host + IMAGES_MOST * 3 * pixels + BESIDES;
    printf("%d pixels: the peak is %llu MiB, of a device of %llu and %llu besides\n", size,
           (unsigned long long)peak >> 20, (unsigned long long)device >> 20, (unsigned long long)(most - device) >> 20);
    ck_assert_msg(peak <= most && peak <= sizes[_i].most, "%d pixels take %llu MiB: more than %llu MiB or %llu MiB",
                  size, (unsigned long long)peak >> 20, (unsigned long long)most >> 20,
                  (unsigned long long)sizes[_i].most >> 20);
    cli_forget("out.bmp");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scale");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 1200);
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_add_loop_test(all, memory_is_what_was_planned, 0, test_long() ? 2 : 1);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
