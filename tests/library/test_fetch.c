/* Fetching networks from a server on the loopback that does everything wrong that servers do: what is installed, what
 * is said, what is left behind. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "fetch_fixture.h"
#include "model/fetch.h"

START_TEST(a_whole_file_is_installed_once) {
    static const struct {
        const char *name;
        pst_fetch_check check;
    } all[] = {{"whole", PST_CHECK_SHA256}, {"prefix", PST_CHECK_SHA256_PREFIX}, {"five", PST_CHECK_MD5}};
    for (size_t i = 0; i < COUNT(all); i++) {
        char path[64], file[64];
        snprintf(path, sizeof path, "/%s", all[i].name);
        snprintf(file, sizeof file, "%s.net", all[i].name);
        const web_answer answers[] = {{.path = path, .body = body, .bytes = bytes}};
        web_set(answers, 1);
        ck_fetched(all[i].name, all[i].check);
        ck_assert_str_eq(report.path, data(file));
        ck_assert(!report.already);
        ck_assert_int_eq(report.safe_way, all[i].check == PST_CHECK_SHA256);
        ck_holds(data(file), body, bytes);
        ck_assert(strstr(web_last(), "User-Agent: pastiche/") && !strstr(web_last(), "Range:"));
        ck_fetched(all[i].name, all[i].check);
        ck_assert(report.already);
        ck_assert_uint_eq(web_requests(), 1);
        forget(file);
        ck_nothing(file);
    }
    const web_answer answers[] = {{.path = "/unknown", .body = body, .bytes = bytes, .chunked = true}};
    web_set(answers, 1);
    ck_fetched("unknown", PST_CHECK_NONE);
    ck_failed("unknown", PST_ERROR_FILE, "unknown.net", "exists already");
    ck_holds(data("unknown.net"), body, bytes);
    forget("unknown.net");
}
END_TEST

START_TEST(a_url_is_installed_under_its_name) {
    char file[64], path[80];
    snprintf(file, sizeof file, "net-%.10s.pth", sha256); /* the beginning of a .pth is wrong, its name right */
    snprintf(path, sizeof path, "/%s", file);
    const web_answer answers[] = {{.path = "/a/new.net?x=1", .body = body, .bytes = bytes},
                                  {.path = path, .body = body, .bytes = bytes},
                                  {.path = "/net-00000000.pth",
                                   .body = "\x80\2"
                                           "0123456789",
                                   .bytes = 12}};
    web_set(answers, COUNT(answers));
    ck_fetched(url("/a/new.net?x=1"), PST_CHECK_NONE);
    ck_assert_str_eq(report.path, data("new.net"));
    ck_assert(!report.safe_way);
    forget("new.net");
    ck_failed(url(path), PST_ERROR_FORMAT, "does not begin as", path);
    ck_nothing(file);
    ck_failed(url("/net-00000000.pth"), PST_ERROR_FORMAT, "not 00000000...", "deleted");
    ck_nothing("net-00000000.pth");
    ck_failed(url("/"), PST_ERROR_ARGUMENT, "-o FILE", url("/"));
    ck_failed(url("/..%2f..%2fx"), PST_ERROR_ARGUMENT, "-o FILE", "");
    ck_failed(url("/.hidden"), PST_ERROR_ARGUMENT, "-o FILE", "");
    ck_failed("nonsense", PST_ERROR_ARGUMENT, "nonsense", "model list");
    ck_failed("ftp://127.0.0.1/x", PST_ERROR_ARGUMENT, "ftp://", "");

    pst_fetch_options options;
    pst_fetch_options_init(&options, sizeof options);
    options.what = url("/a/new.net?x=1");
    options.sha256 = sha256;
    options.output = test_path("elsewhere/x.net"); /* the folder is made */
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_OK);
    ck_assert_int_eq(report.check, PST_CHECK_SHA256);
    ck_holds(test_path("elsewhere/x.net"), body, bytes);
    options.sha256 = "12345678";
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(pst_catalogue_message(catalogue), "is a different file"));
    options.sha256 = "1234567";
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_ARGUMENT);
    options.what = "whole";
    options.sha256 = "1234567890";
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_ARGUMENT);
    options.sha256 = NULL;
    options.output = test_path("data");
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_FILE);
    options.output = NULL;
    options.from = url("/a/new.net?x=1");
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_OK);
    ck_assert_str_eq(report.path, data("whole.net"));
    forget("whole.net");
}
END_TEST

/* ---- parts ---- */

static void leave_part(const char *what, const char *headers) {
    char path[64];
    snprintf(path, sizeof path, "/%s", what);
    const web_answer answers[] = {{.path = path, .headers = headers, .body = body, .bytes = bytes, .cut = bytes / 2}};
    web_set(answers, 1);
    ck_failed(what, PST_ERROR_FILE, "the connection broke", path);
    ck_assert_uint_eq(report.part_bytes, bytes / 2);
    snprintf(path, sizeof path, "%s.net", what);
    ck_assert(!exists(data(path)));
    snprintf(path, sizeof path, "%s.net.part", what);
    ck_assert_uint_eq(size_of(data(path)), bytes / 2);
}

static void ck_goes_on(const char *what, const char *file, pst_fetch_check check, const web_answer *answer, bool range,
                       const char *if_range) {
    char text[64];
    web_set(answer, 1);
    ck_fetched(what, check);
    ck_holds(data(file), answer->body, answer->bytes);
    snprintf(text, sizeof text, "Range: bytes=%zu-\r\n", bytes / 2);
    ck_assert_int_eq(strstr(web_last(), text) != NULL, range);
    ck_assert_msg(!if_range == !strstr(web_last(), "If-Range") && (!if_range || strstr(web_last(), if_range)), "%s",
                  web_last());
    ck_assert_uint_eq(web_requests(), 1);
    forget(file);
    ck_nothing(file);
}

START_TEST(a_part_is_gone_on_with) {
    const web_answer tagged = {.path = "/whole", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true};
    const web_answer ignoring = {.path = "/whole", .headers = TAGGED, .body = body, .bytes = bytes};
    const web_answer plain = {.path = "/whole", .body = body, .bytes = bytes, .ranges = true};
    const web_answer weak = {
        .path = "/whole", .headers = "ETag: W/\"one\"\r\n", .body = body, .bytes = bytes, .ranges = true};
    const char *date = "Last-Modified: Mon, 02 Jan 2012 03:04:05 GMT\r\n";
    const web_answer dated = {.path = "/unknown", .headers = date, .body = body, .bytes = bytes, .ranges = true};
    leave_part("whole", TAGGED);
    ck_goes_on("whole", "whole.net", PST_CHECK_SHA256, &tagged, true, "If-Range: \"one\"\r\n");
    leave_part("whole", TAGGED);
    ck_goes_on("whole", "whole.net", PST_CHECK_SHA256, &ignoring, true, "If-Range: \"one\"\r\n");
    leave_part("whole", NULL);
    ck_goes_on("whole", "whole.net", PST_CHECK_SHA256, &plain, true, NULL);
    leave_part("whole", weak.headers);
    ck_goes_on("whole", "whole.net", PST_CHECK_SHA256, &weak, true, NULL);
    leave_part("unknown", date);
    ck_goes_on("unknown", "unknown.net", PST_CHECK_NONE, &dated, true, "If-Range: Mon, 02 Jan 2012 03:04:05 GMT\r\n");
    leave_part("unknown", NULL); /* nothing would tell whether the halves belong together */
    ck_goes_on("unknown", "unknown.net", PST_CHECK_NONE, &dated, false, NULL);
}
END_TEST

/* A server that does not know If-Range sends the end of another version. */
START_TEST(halves_of_two_versions_are_not_joined) {
    uint8_t *next = malloc(bytes);
    memcpy(next, body, bytes);
    next[bytes - 1] ^= 1;
    for (int dated = 0; dated < 2; dated++) {
        const char *date = "Last-Modified: Mon, 02 Jan 2012 03:04:05 GMT\r\n";
        const web_answer deaf = {.path = "/unknown",
                                 .headers =
                                     dated ? "Last-Modified: Tue, 03 Jan 2012 03:04:05 GMT\r\n" : "ETag: \"two\"\r\n",
                                 .body = next,
                                 .bytes = bytes,
                                 .ranges = true,
                                 .deaf = true};
        leave_part("unknown", dated ? date : TAGGED);
        web_set(&deaf, 1);
        ck_assert_int_eq(fetch("unknown"), PST_OK);
        ck_assert_uint_eq(web_requests(), 2);
        ck_holds(data("unknown.net"), next, bytes);
        forget("unknown.net");
    }
    free(next);
}
END_TEST

/* In a folder of the user's. */
START_TEST(files_of_others_are_no_parts) {
    const web_answer answer = {.path = "/whole", .body = body, .bytes = bytes};
    const char *const names[] = {"own.net.part", "own.net.part.from"};
    pst_fetch_options options;
    pst_fetch_options_init(&options, sizeof options);
    options.what = "whole";
    for (int i = 0; i < 2; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s", test_path(names[i]));
        test_write(path, "precious", 8);
        options.output = test_path("own.net");
        web_set(&answer, 1);
        ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_FILE);
        ck_assert_msg(strstr(pst_catalogue_message(catalogue), names[i]), "%s", pst_catalogue_message(catalogue));
        ck_assert_uint_eq(web_requests(), 0);
        ck_assert_uint_eq(report.part_bytes, 0);
        ck_holds(path, (const uint8_t *)"precious", 8);
        ck_assert_int_eq(remove(path), 0);
    }
    char link[256];
    snprintf(link, sizeof link, "%s", test_path("own.net.part"));
    test_write(test_path("precious"), "precious", 8);
    ck_assert_int_eq(symlink("precious", link), 0);
    options.output = test_path("own.net");
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_FILE);
    ck_assert_msg(strstr(pst_catalogue_message(catalogue), "own.net.part: is a link"), "%s",
                  pst_catalogue_message(catalogue));
    ck_holds(test_path("precious"), (const uint8_t *)"precious", 8);
    ck_assert_int_eq(remove(link), 0);
    test_write(test_path("own.net"), body, bytes); /* there and whole: nothing to do, and nothing is cleared away */
    test_write(link, "precious", 8);
    options.output = test_path("own.net");
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_OK);
    ck_assert(report.already);
    ck_holds(link, (const uint8_t *)"precious", 8);
}
END_TEST

START_TEST(a_part_that_does_not_fit_is_not_used) {
    /* What was changed on the server comes as a whole. */
    const web_answer changed = {
        .path = "/unknown", .headers = "ETag: \"two\"\r\n", .body = other, .bytes = other_bytes, .ranges = true};
    leave_part("unknown", TAGGED);
    web_set(&changed, 1);
    ck_assert_int_eq(fetch("unknown"), PST_OK);
    ck_holds(data("unknown.net"), other, other_bytes);
    forget("unknown.net");
    /* ... and is refused where it is known what it should be. */
    const web_answer wrong = {
        .path = "/whole", .headers = "ETag: \"two\"\r\n", .body = other, .bytes = other_bytes, .ranges = true};
    leave_part("whole", TAGGED);
    web_set(&wrong, 1);
    ck_failed("whole", PST_ERROR_FORMAT, sha256, "/whole");
    ck_nothing("whole.net");
    /* A server that goes on with another file than it began with: the second time is from the beginning. */
    const web_answer right = {.path = "/whole", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true};
    leave_part("whole", TAGGED);
    test_write(data("whole.net.part"), broken, bytes / 2);
    web_set(&right, 1);
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert_uint_eq(web_requests(), 2);
    ck_holds(data("whole.net"), body, bytes);
    forget("whole.net");
    /* Of the right size, wrong and right; too long; and a name whose part is of another address. */
    test_write(data("whole.net.part"), broken, bytes);
    web_set(&right, 1);
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert_uint_eq(web_requests(), 1);
    forget("whole.net");
    test_write(data("whole.net.part"), body, bytes);
    web_set(&right, 1);
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert_uint_eq(web_requests(), 0);
    forget("whole.net");
    uint8_t *longer = calloc(bytes + 100, 1);
    memcpy(longer, body, bytes);
    test_write(data("whole.net.part"), longer, bytes + 100);
    web_set(&right, 1);
    ck_fetched("whole", PST_CHECK_SHA256);
    forget("whole.net");
    /* The server has nothing behind the part: whole where it says so, else from the beginning. */
    const web_answer end = {.path = "/unknown", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true};
    leave_part("unknown", TAGGED);
    test_write(data("unknown.net.part"), body, bytes);
    web_set(&end, 1);
    ck_fetched("unknown", PST_CHECK_NONE);
    ck_assert_uint_eq(web_requests(), 1);
    forget("unknown.net");
    leave_part("unknown", TAGGED);
    test_write(data("unknown.net.part"), longer, bytes + 100);
    web_set(&end, 1);
    ck_fetched("unknown", PST_CHECK_NONE);
    ck_assert_uint_eq(web_requests(), 2);
    forget("unknown.net");
    free(longer);
}
END_TEST

/* ---- what is not installed ---- */

START_TEST(what_is_no_network_is_not_installed) {
    static uint8_t zip[2000] = {0x1f, 0x8b, 8};
    const struct {
        const char *word;
        web_answer answer;
    } table[] = {
        {"page or a text (text/html", {.type = "text/html; charset=utf-8", .body = body, .bytes = bytes}},
        {"page or a text (text/plain", {.type = "text/plain", .body = body, .bytes = bytes}},
        {"is a web page", {.body = "\xef\xbb\xbf\n <!DOCTYPE html><html>Sign in</html>", .bytes = 40}},
        {"is a text", {.body = "{\"error\": \"quota\"}", .bytes = 18}},
        {"Git LFS pointer", {.body = "version https://git-lfs.github.com/spec/v1\noid x\n", .bytes = 49}},
        {"is compressed", {.body = zip, .bytes = sizeof zip}},
        {"sent it compressed", {.headers = "Content-Encoding: gzip\r\n", .body = body, .bytes = bytes}},
        {"is empty", {.body = "", .bytes = 0}},
        {"does not begin as", {.body = other + other_bytes / 2, .bytes = 5000}},
        {"answers 404", {.code = 404, .body = body, .bytes = bytes}},
        {"answers 403", {.code = 403, .body = body, .bytes = bytes}},
        {"answers 503", {.code = 503, .body = body, .bytes = bytes}},
        {"answers 204", {.code = 204}},
        {"another part", {.code = 206, .headers = "Content-Range: bytes 5-9/10\r\n", .body = body, .bytes = bytes}},
        {"redirects more than 8", {.code = 302, .headers = "Location: /unknown\r\n"}},
        {"not followed", {.code = 301, .headers = "Location: file:///etc/passwd\r\n"}},
        {"not followed", {.code = 301, .headers = "Location: ftp://127.0.0.1/x\r\n"}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        web_answer answer = table[i].answer;
        answer.path = "/unknown";
        web_set(&answer, 1);
        ck_failed("unknown",
                  strstr(table[i].word, "answers") || strstr(table[i].word, "redirects") ||
                          strstr(table[i].word, "followed")
                      ? PST_ERROR_FILE
                      : PST_ERROR_FORMAT,
                  table[i].word, "/unknown: ");
        ck_assert_uint_eq(report.part_bytes, 0);
        ck_nothing("unknown.net");
    }
}
END_TEST

START_TEST(what_is_another_file_is_not_installed) {
    char number[32];
    const web_answer longer = {.path = "/five", .body = body, .bytes = bytes - 1},
                     changed = {.path = "/five", .body = broken, .bytes = bytes};
    web_answer unsaid = {.path = "/five", .body = body, .bytes = bytes - 1, .chunked = true};
    snprintf(number, sizeof number, "%zu", bytes);
    web_set(&longer, 1);
    ck_failed("five", PST_ERROR_FORMAT, number, "/five: has ");
    ck_nothing("five.net");
    web_set(&unsaid, 1);
    ck_failed("five", PST_ERROR_FORMAT, number, "deleted");
    ck_nothing("five.net");
    uint8_t *more = malloc(bytes + 5000);
    memcpy(more, body, bytes);
    memset(more + bytes, 1, 5000);
    unsaid.body = more;
    unsaid.bytes = bytes + 5000;
    web_set(&unsaid, 1);
    ck_failed("five", PST_ERROR_FORMAT, "more bytes than the file has", "/five");
    free(more);
    forget("five.net");
    web_set(&changed, 1);
    ck_failed("five", PST_ERROR_FORMAT, "its MD5 is ", md5);
    ck_nothing("five.net");
}
END_TEST

START_TEST(good_redirections_and_proxies_are_followed) {
    const web_answer answers[] = {
        {.path = "/whole", .code = 302, .headers = "ETag: \"redirection\"\r\nLocation: /second\r\n"},
        {.path = "/second",
         .code = 307,
         .headers = "Location: third\r\n",
         .type = "text/html",
         .body = "<html>",
         .bytes = 6},
        {.path = "/third", .headers = TAGGED, .body = body, .bytes = bytes, .cut = bytes / 2},
        {.path = "/a/b/proxied.net", .body = body, .bytes = bytes}};
    web_answer whole[COUNT(answers)];
    memcpy(whole, answers, sizeof answers);
    whole[2].cut = 0;
    whole[2].ranges = true;
    web_set(answers, COUNT(answers));
    ck_failed("whole", PST_ERROR_FILE, "the connection broke", "");
    ck_assert_uint_eq(report.part_bytes, bytes / 2);
    web_set(whole, COUNT(whole));
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert_ptr_nonnull(strstr(web_last(), "If-Range: \"one\"\r\n"));
    ck_holds(data("whole.net"), body, bytes);
    forget("whole.net");
    setenv("http_proxy", url(""), 1);
    ck_fetched("http://no-such-host.invalid/a/b/proxied.net", PST_CHECK_NONE);
    ck_assert_int_eq(strncmp(web_last(), "GET http://no-such-host.invalid/a/b/proxied.net ", 48), 0);
    unsetenv("http_proxy");
    forget("proxied.net");
}
END_TEST

START_TEST(the_mirror_helps) {
    web_answer answers[] = {{.path = "/mirrored", .code = 404},
                            {.path = "/mirror", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true}};
    web_set(answers, 2);
    ck_fetched("mirrored", PST_CHECK_SHA256);
    ck_assert_uint_eq(web_requests(), 2);
    forget("mirrored.net");
    /* also to go on with what the first one broke off */
    answers[0] =
        (web_answer){.path = "/mirrored", .headers = "ETag: \"x\"\r\n", .body = body, .bytes = bytes, .cut = 50000};
    web_set(answers, 2);
    ck_fetched("mirrored", PST_CHECK_SHA256);
    ck_assert(strstr(web_last(), "GET /mirror ") && strstr(web_last(), "Range: bytes=50000-") &&
              !strstr(web_last(), "If-Range"));
    forget("mirrored.net");
    web_set(answers, 0);
    ck_failed("mirrored", PST_ERROR_FILE, "/mirror: the server answers 404", "");
    ck_nothing("mirrored.net");
}
END_TEST

START_TEST(files_and_dead_addresses) {
    char text[1200];
    snprintf(text, sizeof text, "file://%s", test_path("net"));
    ck_fetched(text, PST_CHECK_NONE);
    ck_assert(report.safe_way);
    ck_holds(data("net"), body, bytes);
    forget("net");
    test_write(data("net.part"), broken, 1000); /* not gone on with */
    ck_fetched(text, PST_CHECK_NONE);
    ck_holds(data("net"), body, bytes);
    forget("net");
    snprintf(text, sizeof text, "file://%s", test_path("missing.net"));
    ck_failed(text, PST_ERROR_FILE, "missing.net", "");
    ck_nothing("missing.net");
    ck_failed("http://127.0.0.1:1/x.net", PST_ERROR_FILE, "http://127.0.0.1:1/x.net", "");
    ck_failed("http://no-such-host.invalid/x.net", PST_ERROR_FILE, "no-such-host.invalid", "");
    ck_nothing("x.net");
}
END_TEST

static bool stop_later(void *user, const pst_fetch_progress *now) {
    ck_assert_uint_le(now->done, bytes);
    ck_assert(now->total == bytes);
    return now->done >= *(uint64_t *)user;
}

START_TEST(silence_and_stops_leave_a_part) {
    const web_answer answer = {.path = "/whole",
                               .headers = TAGGED,
                               .body = body,
                               .bytes = bytes,
                               .ranges = true,
                               .pause = 100000,
                               .pause_ms = 6000};
    pst_fetch_options options;
    pst_fetch_options_init(&options, sizeof options);
    options.what = "whole";
    options.stall_seconds = 1;
    web_set(&answer, 1);
    double began = pst_clock_seconds();
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(pst_catalogue_message(catalogue), "no data arrived for 1 seconds"));
    ck_assert_double_lt(pst_clock_seconds() - began, 5.5);
    ck_assert_uint_eq(report.part_bytes, 100000);
    forget("whole.net");
    uint64_t stop = 1;
    options.stall_seconds = 60;
    ck_assert_int_eq(fetch_with(&options, stop_later, &stop), PST_STOPPED);
    ck_assert_uint_gt(report.part_bytes, 0);
    ck_assert(!exists(data("whole.net")) && exists(data("whole.net.part")));
    const web_answer quick = {.path = "/whole", .headers = TAGGED, .body = body, .bytes = bytes, .ranges = true};
    web_set(&quick, 1);
    stop = bytes; /* while it is checked */
    ck_assert_int_eq(fetch_with(&options, stop_later, &stop), PST_STOPPED);
    ck_assert_uint_eq(report.part_bytes, bytes);
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert_uint_eq(web_requests(), 1);
    forget("whole.net");
}
END_TEST

START_TEST(what_is_there_is_kept_or_repaired) {
    const web_answer answer = {.path = "/whole", .body = body, .bytes = bytes};
    pst_fetch_options options;
    pst_fetch_options_init(&options, sizeof options);
    options.what = "whole";
    test_write(data("whole.net"), broken, bytes); /* in its place, by its name: damaged */
    web_set(&answer, 1);
    ck_fetched("whole", PST_CHECK_SHA256);
    ck_assert(!report.already);
    ck_holds(data("whole.net"), body, bytes);
    test_write(data("whole.net"), broken, bytes);
    web_set(&answer, 0); /* a fetch that fails leaves it */
    ck_failed("whole", PST_ERROR_FILE, "404", "");
    ck_holds(data("whole.net"), broken, bytes);
    forget("whole.net");
    options.output = test_path("mine.net"); /* anyone's file */
    test_write(options.output, broken, bytes);
    web_set(&answer, 1);
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(pst_catalogue_message(catalogue), "remove it first"));
    ck_assert_uint_eq(web_requests(), 0);
    options.output = test_path("mine.net");
    ck_holds(options.output, broken, bytes);
    test_write(test_path("mine.net"), body, bytes);
    ck_assert_int_eq(fetch_with(&options, NULL, NULL), PST_OK);
    ck_assert(report.already);
}
END_TEST

int main(void) {
    if (!pst_fetch_available())
        return TEST_SKIPPED;
    Suite *suite = suite_create("fetch");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_unchecked_fixture(all, fetch_prepare, NULL);
    tcase_add_test(all, a_whole_file_is_installed_once);
    tcase_add_test(all, a_url_is_installed_under_its_name);
    tcase_add_test(all, a_part_is_gone_on_with);
    tcase_add_test(all, halves_of_two_versions_are_not_joined);
    tcase_add_test(all, files_of_others_are_no_parts);
    tcase_add_test(all, a_part_that_does_not_fit_is_not_used);
    tcase_add_test(all, what_is_no_network_is_not_installed);
    tcase_add_test(all, what_is_another_file_is_not_installed);
    tcase_add_test(all, good_redirections_and_proxies_are_followed);
    tcase_add_test(all, the_mirror_helps);
    tcase_add_test(all, files_and_dead_addresses);
    tcase_add_test(all, silence_and_stops_leave_a_part);
    tcase_add_test(all, what_is_there_is_kept_or_repaired);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
