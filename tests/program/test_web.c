/* The live page from the outside: what its server gives to whom, and what the buttons do. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "image/image.h"
#include "web_client.h"

#define LONG TINY "--web-port 0 --start content --save-iter 0 --iterations 1000000 -o out.png "

static void ck_stops(pid_t child, int code) {
    int got = wait_for(child);
    ck_assert_msg(got == code, "exit code %d, not %d; said: %.900s", got, code, said);
}

/* ---- looking ---- */

START_TEST(the_page_and_nothing_else_is_given) {
    static const char *const files[][2] = {{"", "text/html"},
                                           {"page.css", "text/css"},
                                           {"look.js", "text/javascript"},
                                           {"chart.js", "text/javascript"},
                                           {"weights.js", "text/javascript"},
                                           {"page.js", "text/javascript"},
                                           {"icon.svg", "image/svg+xml"}};
    static const char *const none[] = {"x",
                                       "page",
                                       "../page.css",
                                       "%2e%2e/page.css",
                                       "..%2fout.png",
                                       "/etc/passwd",
                                       "image",
                                       "image/",
                                       "image/other",
                                       "image/style?index=1",
                                       "image/style?index=4294967295",
                                       "stop",
                                       "keep",
                                       "net.safetensors",
                                       "out.png"};
    pid_t child = page_open(LONG);
    json_decref(page_await(1, false));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ck_assert_int_eq(page_get(files[i][0]), 200);
        ck_assert_msg(strstr(page_heads, files[i][1]) != NULL, "%s: %s", files[i][0], page_heads);
        ck_assert_uint_gt(page_bytes, 100);
        ck_assert_ptr_nonnull(strstr(page_heads, "Content-Security-Policy: default-src 'none';"));
        ck_assert_ptr_nonnull(strstr(page_heads, "Cross-Origin-Resource-Policy: same-origin"));
        ck_assert_ptr_nonnull(strstr(page_heads, "X-Content-Type-Options: nosniff"));
        ck_assert_ptr_nonnull(strstr(page_heads, "Cache-Control: no-store"));
    }
    ck_assert_int_eq(page_get(""), 200);
    ck_assert_ptr_null(strstr(page_body, "://")); /* nothing from elsewhere */
    ck_assert_int_eq(page_request("HEAD", "page.js", "", NULL), 200);
    ck_assert_uint_eq(page_bytes, 0);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(page_get(none[i]) == 404, "%s: %.100s", none[i], page_body);
    ck_assert_int_eq(page_request("PUT", "page.js", "", "x"), 405);
    ck_assert_int_eq(page_request("DELETE", "page.js", "", NULL), 405);
    ck_assert_int_eq(
        page_request("OPTIONS", "stop", "Origin: http://example.org\r\nAccess-Control-Request-Method: POST\r\n", NULL),
        403);
    ck_assert_ptr_null(strstr(page_heads, "Access-Control"));
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
}
END_TEST

START_TEST(the_state_is_told_as_it_changes) {
    pid_t child = page_open(LONG);
    json_t *state = page_await(3, false);
    ck_assert_str_eq(state_text(state, "phase"), "painting");
    ck_assert_str_eq(state_text(state, "output"), "out.png");
    ck_assert_str_eq(state_text(state, "content"), "content.ppm");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(state, "styles"), 0)), "style.ppm");
    ck_assert_int_eq(state_number(state, "width"), 64);
    ck_assert_int_eq(state_number(state, "height"), 48);
    ck_assert_int_eq(state_number(state, "iterations"), 1000000);
    ck_assert_uint_eq(json_array_size(json_object_get(state, "terms")), 8);
    ck_assert(json_is_null(json_object_get(state, "image"))); /* nobody has looked */

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
    snprintf(query, sizeof query, "?version=%d&run=%d&epoch=%d&points=%zu", state_number(state, "version"),
             state_number(state, "run"), state_number(state, "epoch"), had);
    json_t *next = page_state(query);
    ck_assert_int_gt(state_number(next, "version"), state_number(state, "version"));
    ck_assert_int_eq(state_number(next, "from"), (int)had);
    ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(json_object_get(next, "points"), 0), 0)),
                     (json_int_t)had + 1);
    json_decref(next);
    snprintf(query, sizeof query, "?run=%d&epoch=%d&points=3", state_number(state, "run"),
             state_number(state, "epoch") + 1);
    next = page_state(query); /* what a browser has of other points is worth nothing */
    ck_assert_int_eq(state_number(next, "from"), 0);
    json_decref(next);
    json_decref(state);

    /* However long the run, what is drawn stays small. */
    state = page_await(2100, false);
    points = json_object_get(state, "points");
    ck_assert_uint_le(json_array_size(points), 2048);
    ck_assert_uint_ge(json_array_size(points), 1024);
    json_int_t stride = json_integer_value(json_array_get(json_array_get(points, 1), 0)) - 1;
    for (size_t i = 0; i < json_array_size(points); i++)
        ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(points, i), 0)), 1 + (json_int_t)i * stride);
    json_decref(state);
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
}
END_TEST

/* JSON is UTF-8 with escapes; names of files are bytes. */
START_TEST(any_name_is_good_json) {
    pid_t child = page_open(LONG "-o \"a\\<\xe9.png");
    json_t *state = page_await(1, false);
    ck_assert_str_eq(state_text(state, "output"), "\"a\\<?.png");
    json_decref(state);
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
    cli_forget("\"a\\<\xe9.png");
}
END_TEST

static void ck_jpeg(const char *path, int width, int height) {
    ck_assert_int_eq(page_get(path), 200);
    ck_assert_ptr_nonnull(strstr(page_heads, "image/jpeg"));
    test_write(test_path("got.jpg"), page_body, page_bytes);
    ck_image("got.jpg", width, height);
    cli_forget("got.jpg");
}

START_TEST(images_come_when_somebody_looks) {
    pid_t child = page_open(LONG);
    json_t *state = page_await(30, false);
    ck_assert(json_is_null(json_object_get(state, "image")));
    ck_assert_int_eq(page_get("image/result"), 404);
    json_decref(state);
    int version = 0;
    /* The second one comes after the first was fetched; how many iterations that takes depends on the machine. */
    time_t end = time(NULL) + 600;
    for (int i = 0; time(NULL) < end && version < 2; i++) {
        state = page_await(31 + i, true);
        json_t *image = json_object_get(state, "image");
        if (json_is_object(image) && state_number(image, "version") > version) {
            version = state_number(image, "version");
            ck_assert_int_eq(state_number(image, "width"), 64);
            ck_jpeg("image/result", 64, 48);
        }
        json_decref(state);
    }
    ck_assert_int_ge(version, 2);
    ck_jpeg("image/result?whole=1", 64, 48);
    ck_jpeg("image/content", 80, 60);
    ck_jpeg("image/style?index=0", 50, 70);
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
}
END_TEST

/* ---- who may ---- */

START_TEST(strangers_are_turned_away) {
    static const char *const hosts[] = {
        "Host: example.org\r\n",   "Host: 127.0.0.1.example.org\r\n", "Host: localhost.example.org:80\r\n",
        "Host: 127.0.0.1:80x\r\n", "Host: 192.168.0.1\r\n",           "Host: \r\n"};
    static const char *const fine[] = {"Host: localhost\r\n", "Host: LOCALHOST:1\r\n", "Host: 127.0.0.1:65535\r\n",
                                       "Host: [::1]:80\r\n"};
    pid_t child = page_open(LONG);
    json_decref(page_await(1, false));
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        ck_assert_msg(page_request("GET", "state", hosts[i], NULL) == 403, "%s", hosts[i]);
        ck_assert_msg(page_request("GET", "", hosts[i], NULL) == 403, "%s", hosts[i]);
        ck_assert_ptr_null(strstr(page_body, "button"));
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        ck_assert_msg(page_request("GET", "state", fine[i], NULL) == 200, "%s", fine[i]);
    ck_assert_int_eq(page_exchange("GET /state HTTP/1.0\r\n\r\n", 23), 403);

    /* Another site's page can send a request, but neither read the state nor add a header. */
    ck_assert_int_eq(page_request("GET", "state", "Sec-Fetch-Site: cross-site\r\n", NULL), 403);
    ck_assert_int_eq(page_request("GET", "image/content", "Sec-Fetch-Site: same-site\r\n", NULL), 403);
    ck_assert_int_eq(page_request("GET", "", "Sec-Fetch-Site: cross-site\r\n", NULL), 200); /* a link to us */
    ck_assert_int_eq(page_request("GET", "state", "Sec-Fetch-Site: same-origin\r\n", NULL), 200);
    char headers[512];
    static const char *const wrong[] = {"", "X-Pastiche-Button: \r\n",
                                        "X-Pastiche-Button: 0123456789abcdef0123456789abcdef\r\n",
                                        "X-Pastiche-Button: 0\r\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(page_request("POST", "stop", wrong[i], "") == 403, "%s", wrong[i]);
    snprintf(headers, sizeof headers, "%.*s0\r\n", (int)strcspn(page_button, "\r"), page_button); /* one digit more */
    ck_assert_int_eq(page_request("POST", "stop", headers, ""), 403);
    static const char *const foreign[] = {"Origin: http://example.org\r\n", "Origin: null\r\n",
                                          "Origin: http://127.0.0.1:1\r\n", "Origin: https://127.0.0.1\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n", "Host: example.org\r\n"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        snprintf(headers, sizeof headers, "%s%s", page_button, foreign[i]);
        ck_assert_msg(page_request("POST", "stop", headers, "") == 403, "%s", foreign[i]);
    }
    static char much[5000];
    memset(much, 'a', sizeof much - 1);
    ck_assert_int_eq(page_press("weights", much), 413);
    ck_assert_int_eq(page_press("state", ""), 404);
    ck_assert_int_eq(page_press("", ""), 404);

    /* Noise hurts nobody, nor do connections that say nothing. */
    uint64_t seed = 5;
    int idle[30];
    for (int i = 0; i < 30; i++)
        idle[i] = page_dial();
    for (int i = 0; i < 30; i++)
        if (idle[i] >= 0)
            close(idle[i]);
    for (int i = 0; i < 100; i++) {
        char noise[200];
        int connection = page_dial();
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (char)(128 * (1 + test_random(&seed)));
        memcpy(noise, "GET /state?version=", i % 2 ? 19 : 0);
        if (connection >= 0)
            ck_assert_int_ge(send(connection, noise, sizeof noise, MSG_NOSIGNAL), 0);
        close(connection);
    }
    int iteration = 0;
    json_t *state = page_await(1, false);
    iteration = state_number(state, "iteration");
    ck_assert_str_eq(state_text(state, "phase"), "painting"); /* none of all this has stopped it */
    json_decref(state);
    json_decref(page_await(iteration + 1, false));
    snprintf(headers, sizeof headers,
             "%sOrigin: http://127.0.0.1:%d\r\nHost: 127.0.0.1:%d\r\nSec-Fetch-Site: same-origin\r\n", page_button,
             page_port, page_port);
    ck_assert_int_eq(page_request("POST", "stop", headers, ""), 202);
    ck_stops(child, 0);
}
END_TEST

START_TEST(other_machines_need_the_secret) {
    pid_t child = page_open(LONG "--web-address 0.0.0.0");
    char ours[sizeof page_prefix], wrong[sizeof page_prefix];
    strcpy(ours, page_prefix);
    ck_assert_uint_eq(strlen(ours), 34);
    ck_assert_uint_eq(strspn(ours + 1, "0123456789abcdef"), 32);
    json_decref(page_await(1, false));
    ck_assert_int_eq(page_request("GET", "", "Host: any.name.at.all\r\n", NULL), 200);
    static const char *const without[] = {"/", "/state?", "/page.js", "//", "/0/"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        strcpy(page_prefix, without[i]);
        ck_assert_msg(page_get("") == 404, "%s", without[i]);
        ck_assert_int_eq(page_press("stop", ""), 404);
    }
    strcpy(wrong, ours);
    for (size_t i = 1; i <= 32; i++) {
        wrong[i] = ours[i] == '0' ? '1' : '0';
        strcpy(page_prefix, wrong);
        ck_assert_int_eq(page_get(""), 404);
        wrong[i] = ours[i];
    }
    snprintf(page_prefix, sizeof page_prefix, "%.33s", ours);
    ck_assert_int_eq(page_get("x/"), 404);
    ck_assert_int_eq(page_get(""), 404); /* relative addresses would lead astray */
    strcpy(page_prefix, ours);
    ck_assert_int_eq(page_request("POST", "stop", "", ""), 403); /* and the buttons their own */
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
    ck_refused(TINY "--web-address example.org", 1, "--web-address example.org", "numeric");
    ck_refused(TINY "--web-address 192.0.2.77", 1, "--web-address 192.0.2.77", "no such address");
}
END_TEST

/* ---- buttons ---- */

static bool has_notes(const json_t *state, int count) {
    return json_array_size(json_object_get(state, "notes")) >= (size_t)count;
}
static bool is_run(const json_t *state, int run) {
    return state_number(state, "run") >= run && state_number(state, "iteration") >= 3;
}
static bool is_over(const json_t *state, int number) {
    return (void)number, strcmp(state_text(state, "phase"), "done") == 0;
}

START_TEST(buttons_do_what_they_say) {
    pid_t child = page_open(LONG "--quiet");
    json_t *state = page_await(20, false);
    json_decref(state);
    ck_assert_int_eq(page_press("keep", ""), 202);
    state = page_when(has_notes, 1, false);
    json_t *note = json_array_get(json_object_get(state, "notes"), 0);
    char name[64], expected[64];
    ck_assert_str_eq(state_text(note, "kind"), "kept");
    snprintf(name, sizeof name, "%s", state_text(note, "text"));
    snprintf(expected, sizeof expected, "out_%d.png", state_number(note, "iteration"));
    ck_assert_str_eq(name, expected);
    json_decref(state);
    ck_image(name, 64, 48);
    cli_forget(name);
    state = page_state("?notes=1"); /* a browser that has it */
    ck_assert_uint_eq(json_array_size(json_object_get(state, "notes")), 0);
    json_decref(state);

    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
    ck_image("out.png", 64, 48);
    ck_assert_ptr_nonnull(strstr(said, "live page: ")); /* all the same */
    ck_assert_ptr_null(strstr(said, "stopped after"));
    cli_forget("out.png");
}
END_TEST

/* One line of --log by its iteration. */
static json_t *log_line(const char *file, int iteration) {
    char line[4096];
    FILE *log = fopen(test_path(file), "r");
    ck_assert_ptr_nonnull(log);
    for (int i = 0; i < iteration; i++)
        ck_assert_ptr_nonnull(fgets(line, sizeof line, log));
    fclose(log);
    json_t *made = json_loads(line, 0, NULL);
    ck_assert_int_eq(state_number(made, "iteration"), iteration);
    return made;
}

static double term(const json_t *line, const char *name) {
    return json_number_value(json_object_get(json_object_get(line, "terms"), name));
}

START_TEST(weights_change_the_terms) {
    static const char *const bad[] = {
        "",           "content", "content=",         "content=-1",       "content=nan", "content=inf", "content=2e12",
        "content=1x", "other=1", "content=1&style=", "content=1;style=2"};
    pid_t child = page_open(LONG "--log run.log");
    json_t *state = page_await(20, false);
    json_decref(state);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(page_press("weights", bad[i]) == 400, "%s", bad[i]);
    state = page_state("");
    ck_assert_double_eq(json_number_value(json_array_get(json_object_get(state, "weights"), 0)), 5);
    json_decref(state);

    ck_assert_int_eq(page_press("weights", "content=5000&tv=8000"), 202);
    state = page_when(has_notes, 1, false);
    json_t *note = json_array_get(json_object_get(state, "notes"), 0);
    int changed = state_number(note, "iteration");
    ck_assert_str_eq(state_text(note, "kind"), "weights");
    json_t *weights = json_object_get(state, "weights"), *first = json_object_get(state, "first_weights");
    static const double expected[3] = {5000, 100, 8000}, begun[3] = {5, 100, 800};
    for (size_t k = 0; k < 3; k++) {
        ck_assert_double_eq(json_number_value(json_array_get(weights, k)), expected[k]);
        ck_assert_double_eq(json_number_value(json_array_get(first, k)), begun[k]);
    }
    json_decref(state);
    ck_assert_int_gt(changed, 0);
    json_decref(page_await(changed + 2, false));
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
    ck_assert_ptr_nonnull(strstr(said, "from now on --content-weight 5000 --style-weight 100 --tv-weight 8000\n"));

    /* The best image until then is evaluated again, with other weights. */
    json_t *best = log_line("run.log", 1), *after = log_line("run.log", changed + 1);
    for (int k = 2; k <= changed; k++) {
        json_t *line = log_line("run.log", k);
        ck_assert_ptr_null(json_object_get(line, "weights"));
        bool better =
            json_number_value(json_object_get(line, "loss")) <= json_number_value(json_object_get(best, "loss"));
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

/* An image does not pretend to be what its options alone make; the run repeated without the changes is. */
START_TEST(a_result_tells_of_changed_weights) {
    pid_t child = page_open(
        "content.ppm style.ppm --image-size 64 --model net.safetensors --web-port 0 --start content --save-iter 0 "
        "--iterations 1000000 -o steered.png");
    json_decref(page_await(3, false));
    ck_assert_int_eq(page_press("weights", "style=7"), 202);
    json_decref(page_when(has_notes, 1, false));
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
    ck_refused("again steered.png -o again.png", 1, "steered.png: weights were changed", "--anyway");
    ck_run("again steered.png -o again.png --anyway");
    ck_assert_ptr_null(strstr(said, "byte for byte"));
    ck_run("again again.png -o third.png");
    ck_assert_ptr_null(strstr(said, "were changed"));
    ck_assert_ptr_nonnull(strstr(said, "byte for byte"));
    cli_forget("steered.png"), cli_forget("again.png"), cli_forget("third.png");
}
END_TEST

/* ---- the beginning and the end ---- */

START_TEST(the_end_is_shown_to_who_looks) {
    pid_t child = page_open(TINY "--web-port 0 --start content --save-iter 0 --iterations 40 -o out.png --web");
    char phase[16] = "", query[64] = "?look=1";
    int image = 0, iteration = 0, version = 0;
    for (;;) {
        char path[128];
        snprintf(path, sizeof path, "state%s", query);
        if (page_get(path) != 200)
            break;
        json_t *state = json_loads(page_body, 0, NULL);
        ck_assert_ptr_nonnull(state);
        snprintf(phase, sizeof phase, "%s", state_text(state, "phase"));
        snprintf(query, sizeof query, "?look=1&version=%d", state_number(state, "version"));
        json_t *news = state_number(state, "run") > 0 ? json_object_get(state, "image") : NULL;
        if (json_is_object(news) && state_number(news, "version") > version) {
            version = state_number(news, "version");
            iteration = state_number(news, "iteration");
            image = page_get("image/result");
            if (image == 200)
                test_write(test_path("got.jpg"), page_body, page_bytes);
        }
        json_decref(state);
    }
    ck_stops(child, 0);
    ck_assert_str_eq(phase, "done");
    ck_assert_int_eq(iteration, 40);
    ck_assert_int_eq(image, 200);

    /* What was seen last is the result, but for what JPEG loses. */
    pst_image *seen, *result;
    ck_assert_int_eq(pst_img_read(NULL, test_path("got.jpg"), &seen), PST_OK);
    ck_assert_int_eq(pst_img_read(NULL, test_path("out.png"), &result), PST_OK);
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

START_TEST(the_page_stays_if_it_is_to) {
    for (int by_signal = 0; by_signal < 2; by_signal++) {
        pid_t child = page_open(TINY "--web-port 0 --start content --save-iter 0 --iterations 5 -o out.png --web-wait");
        json_t *state = page_when(is_over, 0, false);
        ck_assert(json_is_true(json_object_get(state, "stays")));
        json_decref(state);
        page_nap(300);
        ck_jpeg("image/result", 64, 48);
        ck_assert_int_eq(page_press("stop", ""), 409);
        ck_assert_int_eq(page_press("keep", ""), 409);
        ck_assert_int_eq(page_press("weights", "style=1"), 409);
        ck_image("out.png", 64, 48);
        if (by_signal)
            ck_assert_int_eq(kill(child, SIGINT), 0);
        else
            ck_assert_int_eq(page_press("leave", ""), 202);
        ck_stops(child, 0);
        ck_assert_int_eq(page_get(""), 0);
        cli_forget("out.png");
    }
}
END_TEST

START_TEST(ports_in_use_are_told_or_passed_over) {
    pid_t child = page_open(LONG "--quiet");
    char command[256], number[16];
    int first = page_port;
    snprintf(number, sizeof number, "%d", page_port);
    snprintf(command, sizeof command, TINY "--web-port %d -o other.png", page_port);
    ck_refused(command, 1, number, "--web-port");
    json_decref(page_await(1, false));
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);

    /* Two runs at once, at the usual place. */
    child = page_open(TINY "--web --start content --save-iter 0 --iterations 1000000 -o out.png");
    first = page_port;
    ck_assert_int_ge(first, 1889);
    pid_t second = page_open(TINY "--web --start content --save-iter 0 --iterations 1000000 -o second.png");
    ck_assert_int_gt(page_port, first);
    json_decref(page_await(1, false));
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(second, 0);
    page_port = first;
    json_decref(page_await(1, false));
    ck_assert_int_eq(page_press("stop", ""), 202);
    ck_stops(child, 0);
    ck_refused(TINY "--web-port 65536", 2, "--web-port 65536", "65535");
    ck_refused(TINY "--web-port x", 2, "--web-port", "number");
    cli_forget("out.png");
    cli_forget("second.png");
}
END_TEST

/* Of several runs each is shown in its turn; stopping one takes it as it is and goes on with the next. */
START_TEST(a_batch_is_shown_run_by_run) {
    pid_t child =
        page_open("batch content.ppm --styles style.ppm more,style.ppm -o many --image-size 64 --model net.safetensors "
                  "--iterations 1000000 --web-port 0");
    static const char *const styles[] = {"style.ppm", "more,style.ppm"};
    for (int i = 1; i <= 2; i++) {
        json_t *state = page_when(is_run, i, false);
        ck_assert_int_eq(state_number(state, "run"), i);
        ck_assert_str_eq(json_string_value(json_array_get(json_object_get(state, "styles"), 0)), styles[i - 1]);
        json_decref(state);
        ck_assert_int_eq(page_get("image/style"), 200);
        ck_assert_int_eq(page_press("stop", ""), 202);
    }
    ck_stops(child, 0);
    ck_image("many/content__style.png", 64, 48);
    ck_image("many/content__more,style.png", 64, 48);
    cli_forget("many/content__style.png");
    cli_forget("many/content__more,style.png");
    rmdir(test_path("many"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("web");
    TCase *tests = tcase_create("the live page");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_page_and_nothing_else_is_given);
    tcase_add_test(tests, the_state_is_told_as_it_changes);
    tcase_add_test(tests, any_name_is_good_json);
    tcase_add_test(tests, images_come_when_somebody_looks);
    tcase_add_test(tests, strangers_are_turned_away);
    tcase_add_test(tests, other_machines_need_the_secret);
    tcase_add_test(tests, buttons_do_what_they_say);
    tcase_add_test(tests, weights_change_the_terms);
    tcase_add_test(tests, a_result_tells_of_changed_weights);
    tcase_add_test(tests, the_end_is_shown_to_who_looks);
    tcase_add_test(tests, the_page_stays_if_it_is_to);
    tcase_add_test(tests, a_batch_is_shown_run_by_run);
    tcase_add_test(tests, ports_in_use_are_told_or_passed_over);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
