/* The live page among clients that mean no good, or know no better: it serves the others, and the run goes on. */
/* promise: page */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "web_client.h"

#define LONG TINY "--web-port 0 --start content --save-iter 0 --iterations 1000000 -o out.png "

static void ck_goes_on(void) {
    json_t *state = page_await(1, false);
    ck_assert_str_eq(state_text(state, "phase"), "painting");
    json_decref(page_await(state_number(state, "iteration") + 1, false));
    json_decref(state);
    ck_assert_int_eq(page_get("page.js"), 200);
}

static void ck_stops(pid_t child) {
    ck_assert_int_eq(page_press("stop", ""), 202);
    int code = wait_for(child);
    ck_assert_msg(code == 0, "exit code %d; said: %.900s", code, said);
}

/* ---- single requests ---- */

#define HOST "Host: localhost\r\n"

START_TEST(bad_requests_are_refused) {
    static const char *const refused[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /state\r\n\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/0.9\r\n" HOST "\r\n",
        "GET / HTTP/9.9\r\n" HOST "\r\n",
        "GET / FTP/1.1\r\n" HOST "\r\n",
        "get / HTTP/1.1\r\n" HOST "\r\n",
        "BREW / HTTP/1.1\r\n" HOST "\r\n",
        "TRACE / HTTP/1.1\r\n" HOST "\r\n",
        "CONNECT localhost:80 HTTP/1.1\r\n" HOST "\r\n",
        "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
        "PROPFIND / HTTP/1.1\r\n" HOST "\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /../../../etc/passwd HTTP/1.1\r\n" HOST "\r\n",
        "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" HOST "\r\n",
        "GET /..\\..\\out.png HTTP/1.1\r\n" HOST "\r\n",
        "GET //etc/passwd HTTP/1.1\r\n" HOST "\r\n",
        "GET /page.js%00.png HTTP/1.1\r\n" HOST "\r\n",
        "GET /page.css/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /image/style?index=-1 HTTP/1.1\r\n" HOST "\r\n",
        "GET /image/style?index=99999999999999999999 HTTP/1.1\r\n" HOST "\r\n",
        "GET /image/..%2fstate HTTP/1.1\r\n" HOST "\r\n",
        "GET /state HTTP/1.1\r\nHost: localhost@example.org\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: 127.0.0.1.nip.io\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: 2130706433\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: 128.0.0.1\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: 0x7f.0.0.1\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: [::ffff:128.0.0.1]\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: [::2]\r\n\r\n",
        "GET /state HTTP/1.1\r\nHost: localhost:80:90\r\n\r\n",
        "GET /state HTTP/1.1\r\n" HOST "Origin: http://example.org\r\n\r\n",
        "GET /state HTTP/1.1\r\n" HOST "Origin: http://localhost.example.org\r\n\r\n",
        "GET /state HTTP/1.1\r\n" HOST "Origin: file://\r\n\r\n",
        "GET /state HTTP/1.1\r\n" HOST "Sec-Fetch-Site: same-site\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Content-Length: 0x10\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Content-Length: ten\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        "POST /stop HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    };
    pid_t child = page_open(LONG);
    ck_goes_on();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[512];
        int cut = snprintf(text, sizeof text, "%s", refused[i]);
        int code = page_last_words(text, (size_t)cut);
        ck_assert_msg(code == 0 || code >= 400, "%d: %s", code, refused[i]);
        ck_assert_msg(!strstr(page_body, "root:") && !strstr(page_body, "\"button\""), "%s: %s", refused[i], page_body);
    }
    ck_goes_on();
    ck_stops(child);
}
END_TEST

/* Bytes that a string cannot have, and sizes. */
START_TEST(long_and_binary_requests_are_refused) {
    static char text[400000];
    static const struct {
        const char *begin, *end;
        int count;
    } cases[] = {
        {"GET /", " HTTP/1.1\r\n" HOST "\r\n", 100000},
        {"GET /state?version=", " HTTP/1.1\r\n" HOST "\r\n", 100000},
        {"", " / HTTP/1.1\r\n" HOST "\r\n", 100000},
        {"GET / HTTP/1.1\r\n" HOST "X-Much: ", "\r\n\r\n", 100000},
        {"GET / HTTP/1.1\r\n" HOST, ": x\r\n\r\n", 100000},
        {"GET / HTTP/1.1\r\n" HOST "Cookie: ", "", 350000},
        {"GET /state HTTP/1.1\r\nHost: ", "\r\n\r\n", 5000},
        {"POST /stop HTTP/1.1\r\n" HOST "X-Pastiche-Button: ", "\r\nContent-Length: 0\r\n\r\n", 5000},
        {"POST /weights HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n", "", 300000},
        {"POST /weights HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n", "", 3},
        {"POST /weights HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n30D40\r\n", "\r\n0\r\n\r\n", 200000},
    };
    static const unsigned char fillings[] = {'a', 0, 1, '\t', '\r', ' ', '/', '%', 0xff};
    pid_t child = page_open(LONG);
    ck_goes_on();
    for (size_t i = 0; i < sizeof cases / sizeof *cases * sizeof fillings; i++) {
        size_t which = i / sizeof fillings;
        int count = cases[which].count, end = (int)strlen(cases[which].end), begin = (int)strlen(cases[which].begin);
        memcpy(text, cases[which].begin, (size_t)begin);
        memset(text + begin, fillings[i % sizeof fillings], (size_t)count);
        memcpy(text + begin + count, cases[which].end, (size_t)end);
        int code = page_last_words(text, (size_t)(begin + count + end));
        ck_assert_msg(code == 0 || code >= 400, "%d: %s, filled with %d", code, cases[which].begin,
                      fillings[i % sizeof fillings]);
    }
    ck_goes_on();
    ck_stops(child);
}
END_TEST

/* Requests in one go, of which the last is hidden in what an odd server takes for a body. */
START_TEST(requests_in_a_row_are_each_judged) {
    char text[2048];
    pid_t child = page_open(LONG);
    ck_goes_on();
    int length = snprintf(text, sizeof text,
                          "GET /page.css HTTP/1.1\r\n" HOST "\r\n"
                          "POST /stop HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"
                          "GET /state HTTP/1.1\r\nHost: example.org\r\n\r\n"
                          "POST /stop HTTP/1.1\r\n" HOST "%sOrigin: http://example.org\r\nContent-Length: 0\r\n\r\n",
                          page_button);
    ck_assert_int_eq(page_last_words(text, (size_t)length), 200);
    int forbidden = 0;
    for (const char *at = page_body; (at = strstr(at, "HTTP/1.1 ")); at++)
        forbidden += atoi(at + 9) == 403;
    ck_assert_int_eq(forbidden, 3);
    length = snprintf(text, sizeof text,
                      "POST /weights HTTP/1.1\r\n" HOST "%sContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "0\r\n\r\nPOST /stop HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
                      page_button);
    ck_assert_int_ne(page_last_words(text, (size_t)length), 202);
    ck_goes_on();
    ck_stops(child);
}
END_TEST

/* ---- connections ---- */

/* From an address of the loopback, which not every system has. */
static int dial_from(const char *address) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in page = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)page_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, address, &own.sin_addr);
    if (bind(connection, (struct sockaddr *)&own, sizeof own) != 0) {
        close(connection);
        connection = socket(AF_INET, SOCK_STREAM, 0);
    }
    if (connect(connection, (struct sockaddr *)&page, sizeof page) == 0)
        return connection;
    close(connection);
    return -1;
}

/* A process that opens connections, says on each how a request begins, and then a byte now and then; what is ended is
 * opened again. It says by a byte in the pipe that all are there. */
static pid_t begin_dripping(int count, const char *begin, const char *drip) {
    int pipe_ends[2];
    char byte;
    ck_assert_int_eq(pipe(pipe_ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int connections[256];
        alarm(300);
        for (int i = 0; i < count; i++)
            connections[i] = -1;
        for (int round = 0;; round++) {
            for (int i = 0; i < count; i++) {
                char address[32];
                snprintf(address, sizeof address, "127.0.0.%d", 1 + i % 8);
                if (connections[i] >= 0 && (!*drip || send(connections[i], drip, 1, MSG_NOSIGNAL) == 1))
                    continue;
                if (connections[i] >= 0)
                    close(connections[i]);
                connections[i] = round < 20 ? dial_from(address) : -1;
                if (connections[i] >= 0)
                    (void)!send(connections[i], begin, strlen(begin), MSG_NOSIGNAL);
            }
            if (round == 0)
                (void)!write(pipe_ends[1], "", 1);
            page_nap(500);
        }
    }
    ck_assert_int_eq(read(pipe_ends[0], &byte, 1), 1);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return child;
}

static void end_dripping(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Each of these held all places of the server. */
START_TEST(the_slow_keep_nobody_out) {
    static const char *const slow[][2] = {
        {"GET /", "a"},
        {"GET / HTTP/1.1\r\n" HOST "X-Slow: ", "a"},
        {"POST /stop HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n", "a"},
        {"POST /stop HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "0"},
        {"GET /page.js HTTP/1.1\r\n" HOST "\r\n", ""}, /* answered; nothing more comes */
        {"", ""},
    };
    pid_t child = page_open(LONG);
    ck_goes_on();
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
        pid_t dripping = begin_dripping(60, slow[i][0], slow[i][1]);
        for (int k = 0; k < 5; k++)
            ck_assert_msg(page_get("page.css") == 200, "%s", slow[i][0]);
        ck_goes_on();
        end_dripping(dripping);
    }
    ck_stops(child);
}
END_TEST

/* Those who wait for news have whole requests; the oldest of them make room. */
START_TEST(many_who_wait_keep_nobody_out) {
    pid_t child = page_open(TINY "--web-port 0 --start content --save-iter 0 --iterations 2 -o out.png --web-wait");
    json_t *state;
    do
        state = page_state("");
    while (strcmp(state_text(state, "phase"), "done") != 0 && (json_decref(state), true));
    char request[256];
    snprintf(request, sizeof request, "GET /state?version=%d HTTP/1.1\r\n" HOST "\r\n", state_number(state, "version"));
    snprintf(page_button, sizeof page_button, "X-Pastiche-Button: %s\r\n", state_text(state, "button"));
    json_decref(state);
    pid_t waiting = begin_dripping(100, request, "");
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(page_get("page.css"), 200);
    ck_assert_int_eq(page_press("leave", ""), 202);
    ck_assert_int_eq(wait_for(child), 0);
    end_dripping(waiting);
}
END_TEST

/* However it goes on sending, and though nobody else wants the place. */
START_TEST(a_request_without_an_end_is_ended) {
    if (!test_long())
        return;
    static const char *const begins[] = {
        "", "GET / HTTP/1.1\r\n" HOST "X-Slow: ", "POST /stop HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n"};
    pid_t child = page_open(LONG);
    ck_goes_on();
    int connections[3];
    for (int i = 0; i < 3; i++) {
        connections[i] = page_dial();
        ck_assert_int_eq(send(connections[i], begins[i], strlen(begins[i]), 0), (ssize_t)strlen(begins[i]));
    }
    for (int i = 0; i < 3; i++) {
        bool open = true;
        for (int k = 0; k < 250 && open; k++) {
            char byte;
            page_nap(200);
            for (int j = i; j < 3; j++)
                open = send(connections[j], "a", 1, MSG_NOSIGNAL) == 1 || j > i ? open : false;
            if (recv(connections[i], &byte, 1, MSG_DONTWAIT) == 0)
                open = false;
        }
        ck_assert_msg(!open, "%s", begins[i]);
        close(connections[i]);
    }
    ck_goes_on();
    ck_stops(child);
}
END_TEST

/* ---- addresses ---- */

static bool can_listen(const char *address) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    inet_pton(AF_INET, address, &four.sin_addr);
    int made = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    bool can = made >= 0 && bind(made, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
                                 is_six ? sizeof six : sizeof four) == 0;
    close(made);
    return can;
}

START_TEST(the_printed_address_answers) {
    static const char *const addresses[] = {"127.0.0.2", "::ffff:127.0.0.2", "::1",      "0.0.0.0",      "127.0.0.1",
                                            "::",        "127.255.255.254",  "0:0::0:1", "::ffff:7f00:3"};
    size_t count = test_long() ? sizeof addresses / sizeof *addresses : 4;
    for (size_t i = 0; i < count; i++) {
        char command[512], headers[512];
        if (!can_listen(addresses[i]))
            continue;
        snprintf(command, sizeof command, LONG "--web-address %s", addresses[i]);
        pid_t child = page_open(command);
        ck_assert_msg(page_get("") == 200, "%s: %s", addresses[i], page_body);
        ck_assert_int_eq(strlen(page_prefix), strspn(addresses[i], "0.:") == strlen(addresses[i]) ? 34 : 1);
        json_decref(page_await(1, false));
        snprintf(headers, sizeof headers, "%sOrigin: http://%s:%d\r\n", page_button, page_host, page_port);
        ck_assert_int_eq(page_request("POST", "stop", headers, ""), 202);
        ck_assert_int_eq(wait_for(child), 0);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("web_hostile");
    TCase *tests = tcase_create("clients that mean no good");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, bad_requests_are_refused);
    tcase_add_test(tests, long_and_binary_requests_are_refused);
    tcase_add_test(tests, requests_in_a_row_are_each_judged);
    tcase_add_test(tests, the_slow_keep_nobody_out);
    tcase_add_test(tests, many_who_wait_keep_nobody_out);
    tcase_add_test(tests, a_request_without_an_end_is_ended);
    tcase_add_test(tests, the_printed_address_answers);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
