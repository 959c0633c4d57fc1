/* The live page from the outside: what its server gives to whom, and what the buttons do. */
#define _POSIX_C_SOURCE 200809L

#include "cli_fixture.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "image/image.h"

#define LONG TINY "--web-port 0 --start content --save-iter 0 --iterations 1000000 -o out.png "

/* ---- a browser's part ---- */

static int port;
static char prefix[64];          /* "/", or "/SECRET/" */
static char heads[4096];         /* of the last answer */
static char body[1 << 20];
static size_t body_bytes;

static void nap(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static int dial(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(connection, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    close(connection);
    return -1;
}

/* Sends text as it is; the answer's code, 0: none came. */
static int exchange(const char *text, size_t bytes)
{
    static char answer[sizeof heads + sizeof body];
    size_t length = 0;
    ssize_t got;
    int code = 0, connection = dial();
    heads[0] = body[0] = '\0';
    body_bytes = 0;
    if (connection < 0)
        return 0;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 40 }, sizeof(struct timeval));
    if (send(connection, text, bytes, MSG_NOSIGNAL) == (ssize_t)bytes)
        while (length < sizeof answer - 1 && (got = recv(connection, answer + length, sizeof answer - 1 - length, 0)) > 0)
            length += (size_t)got;
    close(connection);
    answer[length] = '\0';
    char *end = strstr(answer, "\r\n\r\n");
    if (!end || sscanf(answer, "HTTP/1.1 %d", &code) != 1)
        return 0;
    *end = '\0';
    size_t head_bytes = (size_t)(end - answer);
    ck_assert_uint_lt(head_bytes, sizeof heads);
    memcpy(heads, answer, head_bytes + 1);
    body_bytes = length - (size_t)(end + 4 - answer);
    memcpy(body, end + 4, body_bytes);
    body[body_bytes] = '\0';
    return code;
}

/* headers: further lines, each with its end. No Host among them: ours. */
static int request(const char *method, const char *path, const char *headers, const char *content)
{
    char text[8192];
    bool host = strstr(headers, "Host:") != NULL;
    int length = snprintf(text, sizeof text, "%s %s%s HTTP/1.1\r\nConnection: close\r\n%s%s", method, prefix, path,
                          host ? "" : "Host: 127.0.0.1\r\n", headers);
    if (content)
        length += snprintf(text + length, sizeof text - (size_t)length, "Content-Length: %zu\r\n\r\n%s", strlen(content), content);
    else
        length += snprintf(text + length, sizeof text - (size_t)length, "\r\n");
    ck_assert_int_lt(length, (int)sizeof text);
    return exchange(text, (size_t)length);
}

static int get(const char *path) { return request("GET", path, "", NULL); }

static json_t *state_of(const char *query)
{
    char path[256];
    json_error_t error;
    snprintf(path, sizeof path, "state%s", query);
    ck_assert_int_eq(get(path), 200);
    json_t *state = json_loads(body, 0, &error);
    ck_assert_msg(state != NULL, "%s: %s", error.text, body);
    return state;
}

static int whole(const json_t *state, const char *name)
{
    const json_t *value = json_object_get(state, name);
    ck_assert_msg(json_is_integer(value), "no number %s", name);
    return (int)json_integer_value(value);
}

static const char *text_of(const json_t *state, const char *name)
{
    const char *value = json_string_value(json_object_get(state, name));
    ck_assert_msg(value != NULL, "no text %s", name);
    return value;
}

static char button[128];

static int press(const char *name, const char *content) { return request("POST", name, button, content); }

/* ---- a run ---- */

/* Starts the program and finds out where its page is. */
static pid_t open_page(const char *command)
{
    cli_forget(".err");
    pid_t child = start(command);
    for (int i = 0; i < 400; i++) {
        read_whole(test_path(".err"), said, sizeof said);
        if (strstr(said, "no web server")) {
            ck_assert_int_eq(wait_for(child), 1);
            ck_assert_ptr_nonnull(strstr(said, "libmicrohttpd-dev"));
            exit(TEST_SKIPPED);
        }
        const char *url = strstr(said, "see it grow: http://"), *slash = url ? strchr(url + 20, '/') : NULL;
        if (slash && strchr(slash, '\n')) {
            const char *colon = slash;
            while (*colon != ':')
                colon--;
            port = atoi(colon + 1);
            snprintf(prefix, sizeof prefix, "%.*s", (int)strcspn(slash, "\n"), slash);
            return child;
        }
        nap(25);
    }
    ck_abort_msg("no page: %.900s", said);
    return child;
}

/* Waits for an iteration, and has the buttons' secret afterwards. look: as somebody who looks. */
static json_t *await_iteration(int iteration, bool look)
{
    char query[64] = "";
    for (int i = 0; i < 2000; i++) {
        json_t *state = state_of(query);
        snprintf(button, sizeof button, "X-Pastiche-Button: %s\r\n", text_of(state, "button"));
        if (whole(state, "run") > 0 && whole(state, "iteration") >= iteration)
            return state;
        snprintf(query, sizeof query, "?version=%d&look=%d", whole(state, "version"), look);
        json_decref(state);
    }
    ck_abort_msg("iteration %d never came", iteration);
    return NULL;
}

static void ck_stops(pid_t child, int code)
{
    int got = wait_for(child);
    ck_assert_msg(got == code, "exit code %d, not %d; said: %.900s", got, code, said);
}

/* ---- looking ---- */

START_TEST(the_page_and_nothing_else_is_given)
{
    static const char *const files[][2] = { { "", "text/html" },        { "page.css", "text/css" },      { "look.js", "text/javascript" },
                                            { "chart.js", "text/javascript" }, { "weights.js", "text/javascript" },
                                            { "page.js", "text/javascript" }, { "icon.svg", "image/svg+xml" } };
    static const char *const none[] = { "x", "page", "../page.css", "%2e%2e/page.css", "..%2fout.png", "/etc/passwd", "picture", "picture/",
                                        "picture/other", "picture/style?index=1", "picture/style?index=4294967295", "stop", "keep",
                                        "net.safetensors", "out.png" };
    pid_t child = open_page(LONG);
    json_decref(await_iteration(1, false));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ck_assert_int_eq(get(files[i][0]), 200);
        ck_assert_msg(strstr(heads, files[i][1]) != NULL, "%s: %s", files[i][0], heads);
        ck_assert_uint_gt(body_bytes, 100);
        ck_assert_ptr_nonnull(strstr(heads, "Content-Security-Policy: default-src 'none';"));
        ck_assert_ptr_nonnull(strstr(heads, "Cross-Origin-Resource-Policy: same-origin"));
        ck_assert_ptr_nonnull(strstr(heads, "X-Content-Type-Options: nosniff"));
        ck_assert_ptr_nonnull(strstr(heads, "Cache-Control: no-store"));
    }
    ck_assert_int_eq(get(""), 200);
    ck_assert_ptr_null(strstr(body, "://")); /* nothing from elsewhere */
    ck_assert_int_eq(request("HEAD", "page.js", "", NULL), 200);
    ck_assert_uint_eq(body_bytes, 0);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(get(none[i]) == 404, "%s: %.100s", none[i], body);
    ck_assert_int_eq(request("PUT", "page.js", "", "x"), 405);
    ck_assert_int_eq(request("DELETE", "page.js", "", NULL), 405);
    ck_assert_int_eq(request("OPTIONS", "stop", "Origin: http://example.org\r\nAccess-Control-Request-Method: POST\r\n", NULL), 403);
    ck_assert_ptr_null(strstr(heads, "Access-Control"));
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
}
END_TEST

START_TEST(the_state_is_told_as_it_changes)
{
    pid_t child = open_page(LONG);
    json_t *state = await_iteration(3, false);
    ck_assert_str_eq(text_of(state, "phase"), "painting");
    ck_assert_str_eq(text_of(state, "output"), "out.png");
    ck_assert_str_eq(text_of(state, "content"), "content.ppm");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(state, "styles"), 0)), "style.ppm");
    ck_assert_int_eq(whole(state, "width"), 64);
    ck_assert_int_eq(whole(state, "height"), 48);
    ck_assert_int_eq(whole(state, "iterations"), 1000000);
    ck_assert_uint_eq(json_array_size(json_object_get(state, "terms")), 7);
    ck_assert(json_is_null(json_object_get(state, "picture"))); /* nobody has looked */

    /* The terms add up to the loss; the points go on where the browser's end. */
    json_t *points = json_object_get(state, "points");
    size_t had = json_array_size(points);
    ck_assert_uint_ge(had, 3);
    for (size_t i = 0; i < had; i++) {
        json_t *point = json_array_get(points, i);
        double sum = 0;
        for (size_t t = 2; t < 9; t++)
            sum += json_number_value(json_array_get(point, t));
        ck_assert_double_eq_tol(sum / json_number_value(json_array_get(point, 1)), 1, 1e-3);
        ck_assert_int_eq(json_integer_value(json_array_get(point, 0)), (json_int_t)i + 1);
    }
    char query[128];
    snprintf(query, sizeof query, "?version=%d&run=%d&epoch=%d&points=%zu", whole(state, "version"), whole(state, "run"),
             whole(state, "epoch"), had);
    json_t *next = state_of(query);
    ck_assert_int_gt(whole(next, "version"), whole(state, "version"));
    ck_assert_int_eq(whole(next, "from"), (int)had);
    ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(json_object_get(next, "points"), 0), 0)), (json_int_t)had + 1);
    json_decref(next);
    snprintf(query, sizeof query, "?run=%d&epoch=%d&points=3", whole(state, "run"), whole(state, "epoch") + 1);
    next = state_of(query); /* what a browser has of other points is worth nothing */
    ck_assert_int_eq(whole(next, "from"), 0);
    json_decref(next);
    json_decref(state);

    /* However long the run, what is drawn stays small. */
    state = await_iteration(2100, false);
    points = json_object_get(state, "points");
    ck_assert_uint_le(json_array_size(points), 2048);
    ck_assert_uint_ge(json_array_size(points), 1024);
    json_int_t stride = json_integer_value(json_array_get(json_array_get(points, 1), 0)) - 1;
    for (size_t i = 0; i < json_array_size(points); i++)
        ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(points, i), 0)), 1 + (json_int_t)i * stride);
    json_decref(state);
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
}
END_TEST

static void ck_jpeg(const char *path, int width, int height)
{
    ck_assert_int_eq(get(path), 200);
    ck_assert_ptr_nonnull(strstr(heads, "image/jpeg"));
    test_write(test_path("got.jpg"), body, body_bytes);
    ck_picture("got.jpg", width, height);
    cli_forget("got.jpg");
}

START_TEST(pictures_come_when_somebody_looks)
{
    pid_t child = open_page(LONG);
    json_t *state = await_iteration(30, false);
    ck_assert(json_is_null(json_object_get(state, "picture")));
    ck_assert_int_eq(get("picture/result"), 404);
    json_decref(state);
    int version = 0;
    for (int i = 0; i < 500 && version < 2; i++) { /* the second one comes after the first was fetched */
        state = await_iteration(31 + i, true);
        json_t *picture = json_object_get(state, "picture");
        if (json_is_object(picture) && whole(picture, "version") > version) {
            version = whole(picture, "version");
            ck_assert_int_eq(whole(picture, "width"), 64);
            ck_jpeg("picture/result", 64, 48);
        }
        json_decref(state);
    }
    ck_assert_int_ge(version, 2);
    ck_jpeg("picture/result?whole=1", 64, 48);
    ck_jpeg("picture/content", 80, 60);
    ck_jpeg("picture/style?index=0", 50, 70);
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
}
END_TEST

/* ---- who may ---- */

START_TEST(strangers_are_turned_away)
{
    static const char *const hosts[] = { "Host: example.org\r\n", "Host: 127.0.0.1.example.org\r\n", "Host: localhost.example.org:80\r\n",
                                         "Host: 127.0.0.1:80x\r\n", "Host: 192.168.0.1\r\n", "Host: \r\n" };
    static const char *const fine[] = { "Host: localhost\r\n", "Host: LOCALHOST:1\r\n", "Host: 127.0.0.1:65535\r\n", "Host: [::1]:80\r\n" };
    pid_t child = open_page(LONG);
    json_decref(await_iteration(1, false));
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        ck_assert_msg(request("GET", "state", hosts[i], NULL) == 403, "%s", hosts[i]);
        ck_assert_msg(request("GET", "", hosts[i], NULL) == 403, "%s", hosts[i]);
        ck_assert_ptr_null(strstr(body, "button"));
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        ck_assert_msg(request("GET", "state", fine[i], NULL) == 200, "%s", fine[i]);
    ck_assert_int_eq(exchange("GET /state HTTP/1.0\r\n\r\n", 23), 403);

    /* Another site's page can send a request, but neither read the state nor add a header. */
    ck_assert_int_eq(request("GET", "state", "Sec-Fetch-Site: cross-site\r\n", NULL), 403);
    ck_assert_int_eq(request("GET", "picture/content", "Sec-Fetch-Site: same-site\r\n", NULL), 403);
    ck_assert_int_eq(request("GET", "", "Sec-Fetch-Site: cross-site\r\n", NULL), 200); /* a link to us */
    ck_assert_int_eq(request("GET", "state", "Sec-Fetch-Site: same-origin\r\n", NULL), 200);
    char headers[512];
    static const char *const wrong[] = { "", "X-Pastiche-Button: \r\n", "X-Pastiche-Button: 0123456789abcdef0123456789abcdef\r\n",
                                         "X-Pastiche-Button: 0\r\n" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(request("POST", "stop", wrong[i], "") == 403, "%s", wrong[i]);
    snprintf(headers, sizeof headers, "%.*s0\r\n", (int)strcspn(button, "\r"), button); /* one digit more */
    ck_assert_int_eq(request("POST", "stop", headers, ""), 403);
    static const char *const foreign[] = { "Origin: http://example.org\r\n", "Origin: null\r\n", "Origin: http://127.0.0.1:1\r\n",
                                           "Origin: https://127.0.0.1\r\n", "Sec-Fetch-Site: cross-site\r\n", "Host: example.org\r\n" };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        snprintf(headers, sizeof headers, "%s%s", button, foreign[i]);
        ck_assert_msg(request("POST", "stop", headers, "") == 403, "%s", foreign[i]);
    }
    static char much[5000];
    memset(much, 'a', sizeof much - 1);
    ck_assert_int_eq(press("weights", much), 413);
    ck_assert_int_eq(press("state", ""), 404);
    ck_assert_int_eq(press("", ""), 404);

    /* Noise hurts nobody, nor do connections that say nothing. */
    uint64_t seed = 5;
    int idle[30];
    for (int i = 0; i < 30; i++)
        idle[i] = dial();
    for (int i = 0; i < 30; i++)
        if (idle[i] >= 0)
            close(idle[i]);
    for (int i = 0; i < 100; i++) {
        char noise[200];
        int connection = dial();
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (char)(128 * (1 + test_random(&seed)));
        memcpy(noise, "GET /state?version=", i % 2 ? 19 : 0);
        if (connection >= 0)
            ck_assert_int_ge(send(connection, noise, sizeof noise, MSG_NOSIGNAL), 0);
        close(connection);
    }
    int iteration = 0;
    json_t *state = await_iteration(1, false);
    iteration = whole(state, "iteration");
    ck_assert_str_eq(text_of(state, "phase"), "painting"); /* none of all this has stopped it */
    json_decref(state);
    json_decref(await_iteration(iteration + 1, false));
    snprintf(headers, sizeof headers, "%sOrigin: http://127.0.0.1:%d\r\nHost: 127.0.0.1:%d\r\nSec-Fetch-Site: same-origin\r\n", button, port,
             port);
    ck_assert_int_eq(request("POST", "stop", headers, ""), 202);
    ck_stops(child, 0);
}
END_TEST

START_TEST(other_machines_need_the_secret)
{
    pid_t child = open_page(LONG "--web-address 0.0.0.0");
    char ours[sizeof prefix], wrong[sizeof prefix];
    strcpy(ours, prefix);
    ck_assert_uint_eq(strlen(ours), 34);
    ck_assert_uint_eq(strspn(ours + 1, "0123456789abcdef"), 32);
    json_decref(await_iteration(1, false));
    ck_assert_int_eq(request("GET", "", "Host: any.name.at.all\r\n", NULL), 200);
    static const char *const without[] = { "/", "/state?", "/page.js", "//", "/0/" };
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        strcpy(prefix, without[i]);
        ck_assert_msg(get("") == 404, "%s", without[i]);
        ck_assert_int_eq(press("stop", ""), 404);
    }
    strcpy(wrong, ours);
    for (size_t i = 1; i <= 32; i++) {
        wrong[i] = ours[i] == '0' ? '1' : '0';
        strcpy(prefix, wrong);
        ck_assert_int_eq(get(""), 404);
        wrong[i] = ours[i];
    }
    snprintf(prefix, sizeof prefix, "%.33s", ours);
    ck_assert_int_eq(get("x/"), 404);
    ck_assert_int_eq(get(""), 404); /* relative addresses would lead astray */
    strcpy(prefix, ours);
    ck_assert_int_eq(request("POST", "stop", "", ""), 403); /* and the buttons their own */
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
    ck_refused(TINY "--web-address example.org", 1, "--web-address example.org", "numeric");
    ck_refused(TINY "--web-address 192.0.2.77", 1, "--web-address 192.0.2.77", "no such address");
}
END_TEST

/* ---- buttons ---- */

START_TEST(buttons_do_what_they_say)
{
    pid_t child = open_page(LONG "--quiet");
    json_t *state = await_iteration(20, false);
    json_decref(state);
    ck_assert_int_eq(press("keep", ""), 202);
    char name[64] = "";
    for (int i = 0; i < 200 && !name[0]; i++) {
        state = state_of("");
        json_t *notes = json_object_get(state, "notes");
        if (json_array_size(notes) > 0) {
            json_t *note = json_array_get(notes, 0);
            ck_assert_str_eq(text_of(note, "kind"), "kept");
            snprintf(name, sizeof name, "%s", text_of(note, "text"));
            char expected[64];
            snprintf(expected, sizeof expected, "out_%d.png", whole(note, "iteration"));
            ck_assert_str_eq(name, expected);
        }
        json_decref(state);
    }
    ck_picture(name, 64, 48);
    cli_forget(name);
    state = state_of("?notes=1"); /* a browser that has it */
    ck_assert_uint_eq(json_array_size(json_object_get(state, "notes")), 0);
    json_decref(state);

    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
    ck_picture("out.png", 64, 48);
    ck_assert_ptr_nonnull(strstr(said, "see it grow: ")); /* all the same */
    ck_assert_ptr_null(strstr(said, "stopped after"));
    cli_forget("out.png");
}
END_TEST

/* One line of --log by its iteration. */
static json_t *log_line(const char *file, int iteration)
{
    char line[4096];
    FILE *log = fopen(test_path(file), "r");
    ck_assert_ptr_nonnull(log);
    for (int i = 0; i < iteration; i++)
        ck_assert_ptr_nonnull(fgets(line, sizeof line, log));
    fclose(log);
    json_t *made = json_loads(line, 0, NULL);
    ck_assert_int_eq(whole(made, "iteration"), iteration);
    return made;
}

static double term(const json_t *line, const char *name) { return json_number_value(json_object_get(json_object_get(line, "terms"), name)); }

START_TEST(weights_change_the_terms)
{
    static const char *const bad[] = { "", "content", "content=", "content=-1", "content=nan", "content=inf", "content=2e12", "content=1x",
                                       "other=1", "content=1&style=", "content=1;style=2" };
    pid_t child = open_page(LONG "--log run.log");
    json_t *state = await_iteration(20, false);
    json_decref(state);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(press("weights", bad[i]) == 400, "%s", bad[i]);
    state = state_of("");
    ck_assert_double_eq(json_number_value(json_array_get(json_object_get(state, "weights"), 0)), 5);
    json_decref(state);

    ck_assert_int_eq(press("weights", "content=5000&tv=0.01"), 202);
    int changed = 0;
    for (int i = 0; i < 200 && !changed; i++) {
        state = state_of("");
        json_t *note = json_array_get(json_object_get(state, "notes"), 0);
        if (note) {
            changed = whole(note, "iteration");
            ck_assert_str_eq(text_of(note, "kind"), "weights");
            json_t *weights = json_object_get(state, "weights"), *first = json_object_get(state, "first_weights");
            static const double expected[3] = { 5000, 100, 0.01 }, begun[3] = { 5, 100, 0.001 };
            for (size_t k = 0; k < 3; k++) {
                ck_assert_double_eq(json_number_value(json_array_get(weights, k)), expected[k]);
                ck_assert_double_eq(json_number_value(json_array_get(first, k)), begun[k]);
            }
        }
        json_decref(state);
    }
    ck_assert_int_gt(changed, 0);
    json_decref(await_iteration(changed + 2, false));
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
    ck_assert_ptr_nonnull(strstr(said, "from here on --content-weight 5000 --style-weight 100 --tv-weight 0.01\n"));

    /* The best picture until then is evaluated again, with other weights. */
    json_t *best = log_line("run.log", 1), *after = log_line("run.log", changed + 1);
    for (int k = 2; k <= changed; k++) {
        json_t *line = log_line("run.log", k);
        ck_assert_ptr_null(json_object_get(line, "weights"));
        bool better = json_number_value(json_object_get(line, "loss")) <= json_number_value(json_object_get(best, "loss"));
        json_decref(better ? best : line);
        best = better ? line : best;
    }
    ck_assert_double_eq(json_number_value(json_object_get(json_object_get(after, "weights"), "content")), 5000);
    ck_assert_double_gt(term(best, "content.relu4_2"), 0);
    ck_assert_double_eq_tol(term(after, "content.relu4_2") / term(best, "content.relu4_2"), 1000, 1e-5);
    ck_assert_double_eq_tol(term(after, "style.relu3_1") / term(best, "style.relu3_1"), 1, 1e-8);
    ck_assert_double_eq_tol(term(after, "tv") / term(best, "tv"), 10, 1e-7);
    json_decref(best);
    json_decref(after);
    cli_forget("run.log");
    cli_forget("out.png");
}
END_TEST

/* ---- the beginning and the end ---- */

START_TEST(the_end_is_shown_to_who_looks)
{
    pid_t child = open_page(TINY "--web-port 0 --start content --save-iter 0 --iterations 40 -o out.png --web");
    char phase[16] = "", query[64] = "?look=1";
    int picture = 0, iteration = 0;
    while (get("state") == 200 && request("GET", "", "", NULL) == 200) {
        char path[128];
        snprintf(path, sizeof path, "state%s", query);
        if (get(path) != 200)
            break;
        json_t *state = json_loads(body, 0, NULL);
        ck_assert_ptr_nonnull(state);
        snprintf(phase, sizeof phase, "%s", text_of(state, "phase"));
        snprintf(query, sizeof query, "?look=1&version=%d", whole(state, "version"));
        if (whole(state, "run") > 0 && json_is_object(json_object_get(state, "picture"))) {
            iteration = whole(json_object_get(state, "picture"), "iteration");
            picture = get("picture/result");
            if (picture == 200)
                test_write(test_path("got.jpg"), body, body_bytes);
        }
        json_decref(state);
    }
    ck_stops(child, 0);
    ck_assert_str_eq(phase, "done");
    ck_assert_int_eq(iteration, 40);
    ck_assert_int_eq(picture, 200);

    /* What was seen last is the result, but for what JPEG loses. */
    pst_image *seen, *result;
    ck_assert_int_eq(pst_picture_read(NULL, test_path("got.jpg"), &seen), PST_OK);
    ck_assert_int_eq(pst_picture_read(NULL, test_path("out.png"), &result), PST_OK);
    double sum = 0;
    for (int i = 0; i < 64 * 48 * 3; i++)
        sum += fabs((double)seen->rgb[i] - (double)result->rgb[i]);
    ck_assert_double_lt(sum / (64 * 48 * 3), 8);
    pst_image_destroy(seen);
    pst_image_destroy(result);
    cli_forget("got.jpg");
    cli_forget("out.png");
}
END_TEST

START_TEST(the_page_stays_if_it_is_to)
{
    for (int by_signal = 0; by_signal < 2; by_signal++) {
        pid_t child = open_page(TINY "--web-port 0 --start content --save-iter 0 --iterations 5 -o out.png --web-wait");
        json_t *state;
        for (int i = 0;; i++) {
            ck_assert_int_lt(i, 400);
            state = await_iteration(5, false);
            if (strcmp(text_of(state, "phase"), "done") == 0)
                break;
            json_decref(state);
            nap(10);
        }
        ck_assert(json_is_true(json_object_get(state, "stays")));
        json_decref(state);
        nap(300);
        ck_jpeg("picture/result", 64, 48);
        ck_assert_int_eq(press("stop", ""), 409);
        ck_assert_int_eq(press("keep", ""), 409);
        ck_assert_int_eq(press("weights", "style=1"), 409);
        ck_picture("out.png", 64, 48);
        if (by_signal)
            ck_assert_int_eq(kill(child, SIGINT), 0);
        else
            ck_assert_int_eq(press("leave", ""), 202);
        ck_stops(child, 0);
        ck_assert_int_eq(get(""), 0);
        cli_forget("out.png");
    }
}
END_TEST

START_TEST(ports_in_use_are_told_or_passed_over)
{
    pid_t child = open_page(LONG "--quiet");
    char command[256], number[16];
    int first = port;
    snprintf(number, sizeof number, "%d", port);
    snprintf(command, sizeof command, TINY "--web-port %d -o other.png", port);
    ck_refused(command, 1, number, "--web-port");
    json_decref(await_iteration(1, false));
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);

    /* Two runs at once, at the usual place. */
    child = open_page(TINY "--web --start content --save-iter 0 --iterations 1000000 -o out.png");
    first = port;
    ck_assert_int_ge(first, 1889);
    pid_t second = open_page(TINY "--web --start content --save-iter 0 --iterations 1000000 -o second.png");
    ck_assert_int_gt(port, first);
    json_decref(await_iteration(1, false));
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(second, 0);
    port = first;
    json_decref(await_iteration(1, false));
    ck_assert_int_eq(press("stop", ""), 202);
    ck_stops(child, 0);
    ck_refused(TINY "--web-port 65536", 2, "--web-port 65536", "65535");
    ck_refused(TINY "--web-port x", 2, "--web-port", "number");
    cli_forget("out.png");
    cli_forget("second.png");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("web");
    TCase *tests = tcase_create("the live page");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_page_and_nothing_else_is_given);
    tcase_add_test(tests, the_state_is_told_as_it_changes);
    tcase_add_test(tests, pictures_come_when_somebody_looks);
    tcase_add_test(tests, strangers_are_turned_away);
    tcase_add_test(tests, other_machines_need_the_secret);
    tcase_add_test(tests, buttons_do_what_they_say);
    tcase_add_test(tests, weights_change_the_terms);
    tcase_add_test(tests, the_end_is_shown_to_who_looks);
    tcase_add_test(tests, the_page_stays_if_it_is_to);
    tcase_add_test(tests, ports_in_use_are_told_or_passed_over);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
