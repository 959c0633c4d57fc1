/* Compiled programs from one process to the next, on any driver that gives its binaries away: a second start compiles
 * none; and whatever happened to what was kept meanwhile, a start gives the same image. Every start is a process of its
 * own: this program with the variable START, which says where to put what came out. */
/* promise: second-start damage */
#define _GNU_SOURCE /* RTLD_NEXT, setenv, unshare; must stand before any header */

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif

#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "job_fixture.h"
#include "transfer/context.h"

/* ---- a start ---- */

static unsigned sources;

/* Between everybody, CLBlast too, and the driver. */
cl_program clCreateProgramWithSource(cl_context where, cl_uint many, const char **texts, const size_t *lengths,
                                     cl_int *code) {
    __typeof__(clCreateProgramWithSource) *real;
    *(void **)&real = dlsym(RTLD_NEXT, "clCreateProgramWithSource"); /* ISO C has no such cast */
    sources++;
    return real(where, many, texts, lengths, code);
}

typedef struct outcome {
    unsigned sources, compiled; /* from source by anybody, and by us */
    float rgb[3 * WIDTH * HEIGHT];
} outcome;

START_TEST(start) {
    static outcome o;
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, 2);
    pst_job *job = job_make(&options);
    pst_image *image;
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_job_result(job, &image), PST_OK);
    memcpy(o.rgb, image->rgb, sizeof o.rgb);
    o.sources = sources;
    o.compiled = context->session->compiled;
    pst_image_destroy(image);
    pst_job_destroy(job);
    test_write(getenv("START"), &o, sizeof o);
}
END_TEST

/* ---- and what it finds ---- */

static char folder[1024];
static outcome first;

/* What is done in the new process before it starts; false: this system does not let us. */
typedef bool preparation(void);

static pid_t begin_start(const char *name, preparation *prepare) {
    char path[1024];
    snprintf(path, sizeof path, "%s", test_path(name));
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child)
        return child;
    setenv("START", path, 1);
    unsetenv("CK_RUN_CASE");
    if (prepare && !prepare())
        _exit(TEST_SKIPPED);
    execl("/proc/self/exe", "test_second_start", (char *)NULL);
    _exit(99);
}

static int end_start(const char *name, pid_t child, outcome *o) {
    pst_error error = {0};
    uint8_t *data;
    size_t bytes;
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "%s: signal %d", name, WTERMSIG(status));
    if (WEXITSTATUS(status) == TEST_SKIPPED)
        return TEST_SKIPPED;
    ck_assert_msg(WEXITSTATUS(status) == 0, "%s: exit code %d", name, WEXITSTATUS(status));
    ck_ok(error, pst_file_load(&error, test_path(name), sizeof *o, &data, &bytes));
    ck_assert_uint_eq(bytes, sizeof *o);
    memcpy(o, data, bytes);
    pst_free(data);
    return 0;
}

/* A start that must give the first one's image; how many programs it made from source, or -1 if it could not be. */
static int sources_of(const char *name, preparation *prepare) {
    static outcome o;
    if (end_start(name, begin_start(name, prepare), &o) == TEST_SKIPPED)
        return -1;
    ck_assert_msg(memcmp(o.rgb, first.rgb, sizeof o.rgb) == 0, "%s: another image", name);
    ck_assert_msg(o.compiled <= o.sources, "%s: %u of %u", name, o.compiled, o.sources);
    return (int)o.sources;
}

START_TEST(a_second_process_compiles_nothing) {
    snprintf(folder, sizeof folder, "%s", test_path("kept"));
    setenv("PASTICHE_BINARIES", folder, 1);
    if (end_start("first", begin_start("first", NULL), &first) == TEST_SKIPPED)
        exit(TEST_SKIPPED); /* no device */
    ck_assert_uint_gt(first.compiled, 10);
    if (pst_path_examine(folder, NULL) == PST_PATH_NONE) {
        fprintf(stderr, "this driver gives no binaries away\n");
        exit(TEST_SKIPPED);
    }
    ck_assert_int_eq(sources_of("second", NULL), 0);
}
END_TEST

START_TEST(two_at_once_keep_all) {
    static outcome o[2];
    pid_t children[2];
    snprintf(folder, sizeof folder, "%s", test_path("shared"));
    setenv("PASTICHE_BINARIES", folder, 1);
    for (int i = 0; i < 2; i++)
        children[i] = begin_start(i ? "b" : "a", NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(end_start(i ? "b" : "a", children[i], &o[i]), 0);
        ck_assert_mem_eq(o[i].rgb, first.rgb, sizeof first.rgb);
    }
    ck_assert_int_eq(sources_of("after both", NULL), 0);
}
END_TEST

/* ---- damage ---- */

/* By turns cut, emptied, changed in the middle, changed in the header. */
static int damage_all(void) {
    DIR *list = opendir(folder);
    int count = 0;
    ck_assert_ptr_nonnull(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        pst_error error = {0};
        char path[1400];
        uint8_t *data;
        size_t bytes;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        ck_ok(error, pst_file_load(&error, path, 1 << 26, &data, &bytes));
        switch (count++ % 4) {
        case 0:
            bytes /= 2;
            break;
        case 1:
            bytes = 0;
            break;
        case 2:
            data[bytes / 2] ^= 4;
            break;
        default:
            data[40] ^= 1;
        }
        test_write(path, data, bytes);
        pst_free(data);
    }
    closedir(list);
    return count;
}

START_TEST(what_is_damaged_is_compiled_again) {
    const int kept = damage_all();
    ck_assert_int_gt(kept, 10);
    ck_assert_int_eq(sources_of("damaged", NULL), kept);
    ck_assert_int_eq(sources_of("mended", NULL), 0);
}
END_TEST

/* ---- where nothing can be kept ---- */

/* Root reads what it likes, but not in a name space of its own in which it is nobody. */
static bool be_nobody(void) {
#ifdef __linux__
    return geteuid() != 0 || unshare(CLONE_NEWUSER) == 0;
#else
    return geteuid() != 0;
#endif
}

START_TEST(a_folder_that_cannot_be_read_is_none) {
    snprintf(folder, sizeof folder, "%s", test_path("closed"));
    setenv("PASTICHE_BINARIES", folder, 1);
    ck_assert_int_eq(mkdir(folder, 0), 0);
    const int made = sources_of("closed in", be_nobody);
    if (made < 0)
        fprintf(stderr, "no name spaces here: a folder that cannot be read is not tested\n");
    else
        ck_assert_uint_eq((unsigned)made, first.sources);
    ck_assert_int_eq(test_entries(folder), 0);
    rmdir(folder);
}
END_TEST

/* A disk of 32 KiB, for the new process alone; compiled programs are larger. */
static bool mount_small(void) {
#ifdef __linux__
    return unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, "size=32k,mode=0700") == 0;
#else
    return false;
#endif
}

START_TEST(a_full_disk_is_no_error) {
    snprintf(folder, sizeof folder, "%s", test_path("full"));
    setenv("PASTICHE_BINARIES", folder, 1);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    const int made = sources_of("full disk", mount_small);
    if (made < 0)
        fprintf(stderr, "no mounts here: a full disk is not tested\n");
    else
        ck_assert_uint_eq((unsigned)made, first.sources);
    rmdir(folder);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("second start");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 0);
    if (getenv("START")) {
        tcase_add_unchecked_fixture(all, job_open, job_close);
        tcase_add_test(all, start);
    } else {
        tcase_add_test(all, a_second_process_compiles_nothing); /* the first: the others compare with its image */
        tcase_add_test(all, two_at_once_keep_all);
        tcase_add_test(all, what_is_damaged_is_compiled_again); /* what those two kept */
        tcase_add_test(all, a_folder_that_cannot_be_read_is_none);
        tcase_add_test(all, a_full_disk_is_no_error);
    }
    suite_add_tcase(suite, all);
    return test_run(suite);
}
