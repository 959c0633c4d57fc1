/* Bodies of requests to a program's service on the page's server: whole, bounded, and gone afterwards. */
/* promise: page */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "told_service.h"

START_TEST(short_bodies_are_bounded) {
    static char body[65538];
    char text[400];
    int length = 0;
    for (size_t extra = 0; extra < 2; extra++) {
        static char request[sizeof body + 400];
        memset(body, ' ', 65536 + extra);
        length =
            snprintf(request, sizeof request,
                     "POST /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
                     page_button, 65536 + extra, body);
        int code = page_exchange(request, (size_t)length);
        if (extra)
            ck_error(code, 413, "a byte too many");
        else
            ck_assert_int_eq(code, 200);
    }
    ck_assert_uint_eq(service_bytes(), 65536);
    int calls = service_calls();
    length = snprintf(text, sizeof text,
                      "POST /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: 3\r\n\r\na",
                      page_button);
    memcpy(text + length, "\0b", 2);
    ck_error(page_exchange(text, (size_t)length + 2), 413, "a zero");
    ck_assert_int_eq(service_calls(), calls);
    ck_assert_int_eq(page_press("api/x", ""), 200);
    ck_assert_uint_eq(service_bytes(), 0);
}
END_TEST

static int upload(const char *path, const char *headers, size_t bytes, size_t told) {
    static char request[3 * UPLOAD_MOST];
    int length =
        snprintf(request, sizeof request,
                 "POST /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%sContent-Length: %zu\r\n\r\n", path,
                 page_button, headers, told);
    memset(request + length, 0, bytes);
    return bytes < told ? page_last_words(request, (size_t)length + bytes)
                        : page_exchange(request, (size_t)length + bytes);
}

/* In parts of so many bytes. */
static int upload_chunked(size_t bytes, size_t part) {
    static char request[4 * UPLOAD_MOST];
    int length = snprintf(
        request, sizeof request,
        "POST /api/upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sTransfer-Encoding: chunked\r\n\r\n",
        page_button);
    for (size_t at = 0; at < bytes; at += part) {
        size_t count = bytes - at < part ? bytes - at : part;
        length += sprintf(request + length, "%zx\r\n", count);
        memset(request + length, 'a', count);
        length += (int)count;
        length += sprintf(request + length, "\r\n");
    }
    length += sprintf(request + length, "0\r\n\r\n");
    return page_exchange(request, (size_t)length);
}

static void ck_no_upload(void) {
    for (int i = 0; i < 100 && test_entries(service_uploads) > 0; i++)
        page_nap(20);
    ck_assert_int_eq(test_entries(service_uploads), 0);
}

START_TEST(uploads_come_whole_or_not_at_all) {
    ck_assert_int_eq(upload("api/upload?name=a.png", "", UPLOAD_MOST, UPLOAD_MOST), 200);
    ck_seen("POST upload name=a.png");
    ck_assert_uint_eq(service_bytes(), UPLOAD_MOST);
    ck_assert_int_eq(upload_chunked(UPLOAD_MOST, 999), 200);
    ck_assert_uint_eq(service_bytes(), UPLOAD_MOST);
    ck_assert_int_eq(upload("api/upload", "", 0, 0), 200);
    ck_assert_uint_eq(service_bytes(), 0);
    /* Who has the body already need not ask for it, which libmicrohttpd 1.0 does not. */
    int code = upload("api/upload", "Expect: 100-continue\r\n", 5, 5);
    ck_assert(code == 200 || (code == 100 && strstr(page_body, "HTTP/1.1 200")));
    ck_no_upload();

    int calls = service_calls();
    ck_error(upload("api/upload", "", UPLOAD_MOST + 1, UPLOAD_MOST + 1), 413, "a byte too many");
    ck_error(upload_chunked(UPLOAD_MOST + 1, 999), 413, "a byte too many in chunks");
    ck_error(upload("api/upload", "Expect: 100-continue\r\n", 0, UPLOAD_MOST + 1), 413, "told to be too large");
    ck_error(upload("api/upload/..", "", 5, 5), 400, "a bad path");
    ck_error(upload("api/lost", "", 5, 5), 500, "no folder");
    ck_assert_int_eq(upload("api/upload", "", 20000, 50000), 0); /* broken off */
    ck_no_upload();
    ck_assert_int_eq(service_calls(), calls);

    ck_assert_int_eq(upload("api/keep", "", 777, 777), 200);
    struct stat about;
    ck_assert_int_eq(stat(test_path("kept"), &about), 0);
    ck_assert_int_eq((int)about.st_size, 777);
    remove(test_path("kept"));
}
END_TEST

START_TEST(a_full_disk_is_told) {
    struct rlimit usual, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = usual;
    small.rlim_cur = 50000;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    int code = upload("api/upload", "", 90000, 90000);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
    ck_error(code, 507, "too large for the disk");
    ck_assert_int_eq(service_calls(), 0);
    ck_no_upload();
}
END_TEST

static int begin_upload(size_t bytes) {
    char request[400];
    int connection = page_dial();
    int length =
        snprintf(request, sizeof request,
                 "POST /api/upload HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", page_button, bytes);
    ck_assert_int_eq(send(connection, request, (size_t)length, MSG_NOSIGNAL), length);
    return connection;
}

/* Others come through; when they are gone, so are their files. */
START_TEST(many_uploads_keep_nobody_out) {
    int connections[40];
    for (int i = 0; i < 40; i++)
        connections[i] = begin_upload(UPLOAD_MOST);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(page_get("api/x"), 200);
    ck_assert_int_eq(upload("api/upload", "", 50, 50), 200);
    for (int i = 0; i < 40; i++)
        close(connections[i]);
    ck_no_upload();
}
END_TEST

/* Slow is fine, stalled is not: a good many bytes every half minute hold the place. */
START_TEST(a_stalled_upload_is_ended) {
    static char part[35000];
    if (!test_long())
        return;
    int slow = begin_upload(UPLOAD_MOST), stalled = begin_upload(UPLOAD_MOST);
    bool stalled_open = true;
    for (int at = 0, second = 0; second < 75; second++) {
        char byte;
        if (second % 25 == 0) {
            int bytes = UPLOAD_MOST - at < (int)sizeof part ? UPLOAD_MOST - at : (int)sizeof part;
            ck_assert_int_eq(send(slow, part, (size_t)bytes, MSG_NOSIGNAL), bytes);
            at += bytes;
        }
        stalled_open =
            stalled_open && send(stalled, part, 1, MSG_NOSIGNAL) == 1 && recv(stalled, &byte, 1, MSG_DONTWAIT) != 0;
        page_nap(1000);
    }
    char answer[16] = "";
    ck_assert_int_eq(recv(slow, answer, 12, MSG_WAITALL), 12);
    ck_assert_str_eq(answer, "HTTP/1.1 200");
    ck_assert(!stalled_open);
    close(slow);
    close(stalled);
    ck_no_upload();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("web_uploads");
    TCase *tests = tcase_create("bodies of requests");
    tcase_add_checked_fixture(tests, service_open, service_close);
    tcase_set_timeout(tests, 200);
    tcase_add_test(tests, short_bodies_are_bounded);
    tcase_add_test(tests, uploads_come_whole_or_not_at_all);
    tcase_add_test(tests, a_full_disk_is_told);
    tcase_add_test(tests, many_uploads_keep_nobody_out);
    tcase_add_test(tests, a_stalled_upload_is_ended);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
