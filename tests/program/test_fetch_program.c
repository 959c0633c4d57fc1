/* pastiche model fetch as a process: exit codes, what it says, interrupts, several at once, a full disk. */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fetch_fixture.h"
#include "model/fetch.h"

static char said[65536];

static pid_t start(const char *name, const char *what, const char *more, rlim_t limit) {
    char err[1024];
    snprintf(err, sizeof err, "%s", test_path(name));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        int to = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (limit) {
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
        }
        if (to >= 0 && dup2(to, 2) >= 0)
            execl(getenv("PASTICHE_PROGRAM"), "pastiche", "model", "fetch", what, more, (char *)NULL);
        _exit(99);
    }
    ck_assert_int_gt(child, 0);
    return child;
}

static int wait_for(pid_t child, const char *name) {
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    FILE *file = fopen(test_path(name), "rb");
    ck_assert_ptr_nonnull(file);
    said[fread(said, 1, sizeof said - 1, file)] = 0;
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void wait_for_part(const char *name, size_t least) {
    const struct timespec nap = {.tv_nsec = 10000000};
    for (int i = 0; i < 2000 && size_of(data(name)) < least; i++)
        nanosleep(&nap, NULL);
    ck_assert_uint_ge(size_of(data(name)), least);
}

START_TEST(the_program_fetches_and_tells) {
    const web_answer answers[] = {{.path = "/whole", .body = body, .bytes = bytes},
                                  {.path = "/five", .body = body, .bytes = bytes}};
    web_set(answers, 2);
    ck_assert_msg(wait_for(start("err", "whole", NULL, 0), "err") == 0, "%s", said);
    ck_assert_msg(strstr(said, "fetching http://") && strstr(said, "its SHA-256 matches") && !strchr(said, '\r'), "%s",
                  said);
    ck_holds(data("whole.net"), body, bytes);
    test_write(data("whole.net.part"), body, 100); /* of a killed run */
    test_write(data("whole.net.part.from"), "", 0);
    ck_assert_int_eq(wait_for(start("err", "whole", NULL, 0), "err"), 0);
    ck_assert_ptr_nonnull(strstr(said, "exists already"));
    ck_assert(!exists(data("whole.net.part")) && !exists(data("whole.net.part.from")));
    ck_assert_int_eq(wait_for(start("err", "five", "--quiet", 0), "err"), 0);
    ck_assert_str_eq(said, "");
    forget("five.net");
    ck_assert_int_eq(wait_for(start("err", "five", NULL, 0), "err"), 0);
    ck_assert_msg(strstr(said, "its MD5 matches") && strstr(said, sha256) && strstr(said, "plain http"), "%s", said);
    forget("five.net"), forget("whole.net");
    ck_assert_int_eq(wait_for(start("err", "mirrored", NULL, 0), "err"), 1);
    char number[32];
    snprintf(number, sizeof number, "%zu bytes", bytes);
    ck_assert_msg(strstr(said, "trying") && strstr(said, "404") && strstr(said, "manually, save ") &&
                      strstr(said, number) && strstr(said, sha256) && strstr(said, data("mirrored.net")),
                  "%s", said);
    ck_assert_int_eq(wait_for(start("err", "nonsense", NULL, 0), "err"), 2);
    ck_assert_int_eq(wait_for(start("err", "whole", "--timeout=0", 0), "err"), 2);
    ck_assert_int_eq(wait_for(start("err", "whole", "--frobnicate", 0), "err"), 2);
}
END_TEST

START_TEST(interrupts_kills_and_crowds) {
    const web_answer slow = {.path = "/whole",
                             .headers = TAGGED,
                             .body = body,
                             .bytes = bytes,
                             .ranges = true,
                             .pause = 100000,
                             .pause_ms = 3000};
    const web_answer quick = {.path = "/whole", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true};
    web_set(&slow, 1);
    pid_t child = start("err", "whole", NULL, 0);
    wait_for_part("whole.net.part", 100000);
    ck_assert_int_eq(wait_for(start("err2", "whole", NULL, 0), "err2"), 1); /* it is taken */
    ck_assert_msg(strstr(said, "whole.net.part: another process is writing it"), "%s", said);
    kill(child, SIGINT);
    ck_assert_int_eq(wait_for(child, "err"), 130);
    ck_assert_msg(strstr(said, "stopped; ") && strstr(said, "the same command continues"), "%s", said);
    ck_assert(!exists(data("whole.net")));
    web_answer later = slow;
    later.pause = 200000;
    web_set(&later, 1);
    child = start("err", "whole", NULL, 0);
    wait_for_part("whole.net.part", 200000);
    kill(child, SIGKILL);
    ck_assert_int_eq(wait_for(child, "err"), -SIGKILL);
    web_set(&quick, 1);
    enum { CROWD = 5 };
    pid_t crowd[CROWD];
    char name[16];
    int good = 0;
    for (int i = 0; i < CROWD; i++) {
        snprintf(name, sizeof name, "err%d", i);
        crowd[i] = start(name, "whole", NULL, 0);
    }
    for (int i = 0; i < CROWD; i++) {
        snprintf(name, sizeof name, "err%d", i);
        int code = wait_for(crowd[i], name);
        good += code == 0;
        ck_assert_msg(code == 0 || (code == 1 && strstr(said, "another process")), "%d: %s", code, said);
    }
    ck_assert_int_ge(good, 1);
    ck_holds(data("whole.net"), body, bytes);
    ck_assert(!exists(data("whole.net.part")) && !exists(data("whole.net.part.from")));
    forget("whole.net");
}
END_TEST

START_TEST(a_full_disk_is_told) {
    const web_answer quick = {.path = "/whole", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true};
    web_set(&quick, 1);
    ck_assert_int_eq(wait_for(start("err", "whole", NULL, 65536), "err"), 1);
    ck_assert_msg(strstr(said, "whole.net.part: cannot be written (") && strstr(said, "continues"), "%s", said);
    ck_assert(!exists(data("whole.net")));
    ck_assert_uint_eq(size_of(data("whole.net.part")), 65536);
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert_ptr_nonnull(strstr(web_last(), "Range: bytes=65536-"));
    ck_holds(data("whole.net"), body, bytes);
    forget("whole.net");
}
END_TEST

int main(void) {
    if (!pst_fetch_available())
        return TEST_SKIPPED;
    Suite *suite = suite_create("fetch_program");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_unchecked_fixture(all, fetch_prepare, NULL);
    tcase_add_test(all, the_program_fetches_and_tells);
    tcase_add_test(all, interrupts_kills_and_crowds);
    tcase_add_test(all, a_full_disk_is_told);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
