/* A service of a program on the page's server: what of a request reaches it, and what becomes of its answers. */
/* promise: page */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "told_service.h"

/* ---- what reaches it ---- */

START_TEST(paths_and_queries_come_clean) {
    static const char *const good[][2] = {
        {"api/studio", "GET studio"},
        {"api/results/a%20b.png/thumb", "GET results|a b.png|thumb"},
        {"api/results/%C3%A4%e2%82%ac/file", "GET results|\xc3\xa4\xe2\x82\xac|file"},
        {"api/a+b/c%2Bd", "GET a+b|c+d"},
        {"api/%25/%2E", NULL},
        {"api/...", "GET ..."},
        {"api/a\\..\\b", "GET a\\..\\b"},
        {"api/1/2/3/4/5/6/7/8", "GET 1|2|3|4|5|6|7|8"},
        {"api/x?name=a%20b+c%2B%26%3D", "GET x name=a b c+&="},
        {"api/x?name", "GET x name="},
        {"api/x?name=%C3%A4&other=1", "GET x name=\xc3\xa4"},
        {"api/x?other=1", "GET x"},
        {"api/x?name=..%2F..%2Fetc", "GET x name=../../etc"},
    };
    static const char *const bad[] = {
        "api/",
        "api//",
        "api/x/",
        "api/x//y",
        "api/.",
        "api/..",
        "api/../x",
        "api/%2e%2e/x",
        "api/.%2E/x",
        "api/x%2fy",
        "api/x/%2F",
        "api/%00",
        "api/x%00.png",
        "api/x%0a",
        "api/x%7f",
        "api/%C2%85",
        "api/%ff",
        "api/%c0%ae%c0%ae",
        "api/%ed%a0%80",
        "api/%f4%90%80%80",
        "api/%",
        "api/%4",
        "api/%zz",
        "api/%u0041",
        "api/1/2/3/4/5/6/7/8/9",
        "api/x?name=%00",
        "api/x?name=%ff",
        "api/x?na%0dme=1",
        "api/x?other=%0a&name=1",
        "api/x?name=%",
        "api/x\x01",
        "api/x\xff",
        "api/x?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17",
    };
    char path[6000] = "api/";
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int code = page_get(good[i][0]);
        if (!good[i][1]) {
            ck_error(code, 400, good[i][0]);
            continue;
        }
        ck_assert_msg(code == 200, "%d: %s: %s", code, good[i][0], page_body);
        ck_seen(good[i][1]);
    }
    int calls = service_calls();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_error(page_get(bad[i]), 400, bad[i]);
    memset(path + 4, 'a', 5000);
    ck_error(page_get(path), 400, "a long path");
    ck_assert_int_eq(page_get("api"), 404);
    ck_assert_int_eq(page_get("%61pi/x"), 404);
    ck_assert_int_eq(service_calls(), calls);
}
END_TEST

START_TEST(only_who_may_is_heard) {
    static const char *const foreign[] = {"Host: example.org\r\n", "Host: localhost\r\nOrigin: http://example.org\r\n",
                                          "Host: localhost\r\nOrigin: null\r\n",
                                          "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
                                          "Host: localhost\r\nSec-Fetch-Site: same-site\r\n"};
    char headers[512];
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        ck_assert_int_eq(page_request("GET", "api/x", foreign[i], NULL), 403);
        ck_assert_int_eq(page_request("GET", "api/events", foreign[i], NULL), 403);
        snprintf(headers, sizeof headers, "%s%s", foreign[i], page_button);
        ck_assert_int_eq(page_request("POST", "api/x", headers, "{}"), 403);
        ck_assert_int_eq(page_request("POST", "api/upload", headers, "bytes"), 403);
    }
    ck_error(page_request("POST", "api/x", "", "{}"), 403, "no secret");
    ck_error(page_request("POST", "api/upload", "", "bytes"), 403, "no secret");
    snprintf(headers, sizeof headers, "X-Pastiche-Button: %032d\r\n", 0);
    ck_error(page_request("POST", "api/upload", headers, "bytes"), 403, "another secret");
    ck_error(page_request("PUT", "api/upload", page_button, "bytes"), 405, "PUT");
    ck_error(page_request("DELETE", "api/x", page_button, NULL), 405, "DELETE");
    ck_assert_int_eq(page_request("OPTIONS", "api/x", "Origin: http://example.org\r\n", NULL), 403);
    ck_assert_int_eq(service_calls(), 0);
    ck_assert_int_eq(page_press("api/x", "{\"a\": 1}"), 200);
    ck_seen("POST x {\"a\": 1}");
    ck_assert_int_eq(page_get("live"), 200);
    ck_assert_ptr_nonnull(strstr(page_body, "id=\"stage\""));
}
END_TEST

/* Where other machines can come, nothing is there for who does not know the secret. */
START_TEST(the_secret_of_the_address_is_needed) {
    web_close(service_page);
    service_open_at("0.0.0.0");
    ck_assert_uint_eq(strlen(page_prefix), 34);
    ck_assert_int_eq(page_get("api/x"), 200);
    int calls = service_calls();
    strcpy(page_prefix, "/");
    ck_assert_int_eq(page_get("api/x"), 404);
    ck_assert_int_eq(page_get("api/events"), 404);
    ck_assert_int_eq(page_press("api/upload", "bytes"), 404);
    snprintf(page_prefix, sizeof page_prefix, "/%032d/", 0);
    ck_assert_int_eq(page_get("api/x"), 404);
    ck_assert_int_eq(service_calls(), calls);
}
END_TEST

/* ---- answers ---- */

/* Such as about a very large image. */
START_TEST(a_slow_answer_arrives) {
    if (!test_long())
        return;
    ck_assert_int_eq(page_get("api/slow"), 200);
    ck_assert_int_eq(page_press("api/slow", "{}"), 200);
}
END_TEST

static const char *tag_line(void) {
    static char line[128];
    const char *tag = strstr(page_heads, "ETag: ");
    ck_assert_msg(tag != NULL, "%s", page_heads);
    snprintf(line, sizeof line, "If-None-Match: %.*s\r\n", (int)strcspn(tag + 6, "\r"), tag + 6);
    return line;
}

START_TEST(answers_from_memory_and_files) {
    static char large[900000];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(i * i >> 7);
    test_write(test_path("large"), large, sizeof large);
    test_write(test_path("empty"), "", 0);
    mkfifo(test_path("pipe"), 0600);
    ck_assert_int_eq(page_get("api/file/large"), 200);
    ck_assert_uint_eq(page_bytes, sizeof large);
    ck_assert_mem_eq(page_body, large, sizeof large);
    ck_assert_ptr_nonnull(strstr(page_heads, "Content-Type: image/png"));
    ck_assert_ptr_nonnull(strstr(page_heads, "Cache-Control: no-store"));
    ck_assert_ptr_nonnull(strstr(page_heads, "X-Content-Type-Options: nosniff"));
    ck_assert_ptr_null(strstr(page_heads, "ETag"));
    ck_assert_int_eq(page_request("HEAD", "api/file/large", "", NULL), 200);
    ck_assert_uint_eq(page_bytes, 0);
    ck_assert_ptr_nonnull(strstr(page_heads, "Content-Length: 900000"));
    ck_assert_int_eq(page_get("api/file/empty"), 200);
    ck_assert_uint_eq(page_bytes, 0);
    ck_error(page_get("api/file/none"), 404, "no file");
    ck_error(page_get("api/file/pipe"), 404, "a pipe");
    ck_error(page_get("api/file/uploads"), 404, "a folder");
    ck_assert_int_eq(page_get("api/x"), 200);
    ck_assert_str_eq(page_body, "{\"a\": 1}");
    ck_assert_ptr_nonnull(strstr(page_heads, "Content-Type: application/json"));
    ck_assert_int_eq(page_get("api/nothing"), 200);
    ck_assert_uint_eq(page_bytes, 0);
    ck_assert_int_eq(page_get("api/code/201"), 201);
    ck_assert_int_eq(page_get("api/code/409"), 409);
    ck_assert_int_eq(page_get("api/code/7"), 500);
    remove(test_path("pipe"));
}
END_TEST

START_TEST(what_a_browser_has_is_not_sent_again) {
    test_write(test_path("thumb"), "one", 3);
    ck_assert_int_eq(page_get("api/file/thumb?keeps=1"), 200);
    ck_assert_ptr_nonnull(strstr(page_heads, "Cache-Control: private, no-cache"));
    char had[128];
    snprintf(had, sizeof had, "%s", tag_line());
    ck_assert_int_eq(page_request("GET", "api/file/thumb?keeps=1", had, NULL), 304);
    ck_assert_uint_eq(page_bytes, 0);
    ck_assert_str_eq(tag_line(), had);
    remove(test_path("thumb"));
    test_write(test_path("other"), "two", 3); /* so that it is another file */
    test_write(test_path("thumb"), "four", 4);
    ck_assert_int_eq(page_request("GET", "api/file/thumb?keeps=1", had, NULL), 200);
    ck_assert_str_eq(page_body, "four");
    ck_assert_int_eq(page_get("api/x?keeps=1"), 200);
    snprintf(had, sizeof had, "%s", tag_line());
    ck_assert_int_eq(page_request("GET", "api/x?keeps=1", had, NULL), 304);
    ck_assert_int_eq(page_request("GET", "api/nothing?keeps=1", had, NULL), 200);
    ck_assert_int_eq(page_get("api/code/404?keeps=1"), 404);
    ck_assert_ptr_nonnull(strstr(page_heads, "Cache-Control: no-store"));
}
END_TEST

START_TEST(downloads_have_their_names) {
    static const char *const names[][2] = {
        {"a%20b.png", "attachment; filename=\"a b.png\"; filename*=UTF-8''a%20b.png\r\n"},
        {"%C3%A4%22%3B%5C.png", "attachment; filename=\"_____.png\"; filename*=UTF-8''%C3%A4%22%3B%5C.png\r\n"},
        {"..%2Fx", "attachment; filename=\".._x\"; filename*=UTF-8''..%2Fx\r\n"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        snprintf(path, sizeof path, "api/x?download=%s", names[i][0]);
        ck_assert_int_eq(page_get(path), 200);
        ck_assert_msg(strstr(page_heads, names[i][1]) != NULL, "%s: %s", names[i][0], page_heads);
    }
    ck_error(page_get("api/x?download=a%0d%0aX-Evil:%201"), 400, "a line's end");
}
END_TEST

/* ---- events ---- */

static int listen_to_events(void) {
    static const char request[] = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int connection = page_dial();
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 10}, sizeof(struct timeval));
    ck_assert_int_eq(send(connection, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    return connection;
}

/* Reads until the words have come; false: the stream ended before. */
static bool hears(int connection, const char *words) {
    char text[8192] = "";
    for (size_t length = 0; !strstr(text, words) && length < sizeof text - 1;) {
        ssize_t got = recv(connection, text + length, 1, 0);
        if (got <= 0)
            return false;
        text[++length] = '\0';
    }
    return true;
}

START_TEST(events_reach_all_who_listen) {
    int first = listen_to_events(), second = listen_to_events();
    ck_assert(hears(first, "text/event-stream") && hears(first, "retry: 1000"));
    ck_assert(hears(second, "retry: 1000"));
    for (int i = 1; i < 4; i++) {
        char words[32];
        service_tick();
        snprintf(words, sizeof words, "data: %d\n\n", i);
        ck_assert(hears(first, words) && hears(second, words));
    }
    int late = listen_to_events();
    ck_assert(hears(late, "data: 3\n\n"));
    ck_error(page_press("api/events", ""), 405, "POST");
    ck_assert_int_eq(page_request("HEAD", "api/events", "", NULL), 200);
    close(first);
    service_tick();
    ck_assert(hears(second, "data: 4\n\n"));
    web_close(service_page); /* does not wait for them */
    ck_assert(!hears(second, "data: 5"));
    ck_assert(!hears(late, "data: 5"));
    close(second);
    close(late);
    service_open_at(NULL);
}
END_TEST

START_TEST(the_oldest_listener_makes_room) {
    int listeners[10];
    for (int i = 0; i < 10; i++) {
        listeners[i] = listen_to_events();
        ck_assert(hears(listeners[i], "retry"));
    }
    service_tick();
    for (int i = 0; i < 10; i++) {
        bool hears_it = hears(listeners[i], "data: 1\n\n");
        ck_assert_msg(hears_it == (i >= 2), "listener %d", i);
        close(listeners[i]);
    }
    ck_assert_int_eq(page_get("api/x"), 200);
}
END_TEST

START_TEST(silence_has_a_heartbeat) {
    if (!test_long())
        return;
    int listener = listen_to_events();
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 40}, sizeof(struct timeval));
    ck_assert(hears(listener, "retry: 1000"));
    ck_assert(hears(listener, "\n:\n\n"));
    ck_assert(hears(listener, "\n:\n\n"));
    close(listener);
}
END_TEST

/* ---- the browser ---- */

START_TEST(the_browser_is_started_apart) {
    static const char script[] = "#!/bin/sh\nps -o pgid= -p $$ >\"$OPENED.group\"\necho \"$1\" >\"$OPENED.part\"\n"
                                 "mv \"$OPENED.part\" \"$OPENED\"\n";
    char path[4096], text[256] = "", opened[512];
    const char *usual = getenv("PATH");
    snprintf(path, sizeof path, "%s", test_path("tools"));
    mkdir(path, 0777);
    test_write(test_path("tools/xdg-open"), script, sizeof script - 1);
    test_write(test_path("tools/open"), script, sizeof script - 1);
    chmod(test_path("tools/xdg-open"), 0755);
    chmod(test_path("tools/open"), 0755);
    char *before = strdup(usual);
    snprintf(path + strlen(path), sizeof path - strlen(path), ":%s", usual);
    snprintf(opened, sizeof opened, "%s", test_path("opened"));
    setenv("PATH", path, 1);
    setenv("OPENED", opened, 1);
#if !defined(__APPLE__)
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    ck_assert(!web_open_browser("http://127.0.0.1:1/")); /* no screen */
#endif
    setenv("DISPLAY", ":0", 1);
    ck_assert(web_open_browser("http://127.0.0.1:1/'$(touch x)"));
    for (int i = 0; i < 200 && access(opened, F_OK) != 0; i++)
        page_nap(20);
    read_whole(opened, text, sizeof text);
    ck_assert_str_eq(text, "http://127.0.0.1:1/'$(touch x)\n");
    read_whole(test_path("opened.group"), text, sizeof text);
    ck_assert_int_ne(atoi(text), getpgrp());
    ck_assert_int_ne(atoi(text), 0);
    setenv("PATH", test_path("no such folder"), 1);
    ck_assert(!web_open_browser("http://127.0.0.1:1/"));
    setenv("PATH", before, 1);
    free(before);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("web_service");
    TCase *tests = tcase_create("a service on the page's server");
    tcase_add_checked_fixture(tests, service_open, service_close);
    tcase_set_timeout(tests, 200);
    tcase_add_test(tests, paths_and_queries_come_clean);
    tcase_add_test(tests, only_who_may_is_heard);
    tcase_add_test(tests, the_secret_of_the_address_is_needed);
    tcase_add_test(tests, a_slow_answer_arrives);
    tcase_add_test(tests, answers_from_memory_and_files);
    tcase_add_test(tests, what_a_browser_has_is_not_sent_again);
    tcase_add_test(tests, downloads_have_their_names);
    tcase_add_test(tests, events_reach_all_who_listen);
    tcase_add_test(tests, the_oldest_listener_makes_room);
    tcase_add_test(tests, silence_has_a_heartbeat);
    tcase_add_test(tests, the_browser_is_started_apart);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
