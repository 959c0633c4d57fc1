/* Fetching networks from the studio: progress, checks, stopping, and what is told when it does not come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_fixture.h"
#include "studio_client.h"

static void begin(void) {
    prepare();
    fetch_prepare();
    studio_begin("");
}

static bool is_installed(const char *name) {
    json_t *studio = studio_get("studio", 200), *one;
    bool found = false, installed = false;
    size_t i;
    json_array_foreach(json_object_get(studio, "networks"), i, one) {
        if (strcmp(state_text(one, "name"), name) != 0)
            continue;
        found = true;
        installed = json_is_true(json_object_get(one, "installed"));
    }
    ck_assert_msg(found, "%s is not listed", name);
    json_decref(studio);
    return installed;
}

static void press(const char *name, const char *what, int code) {
    char path[128];
    snprintf(path, sizeof path, "networks/%s/%s", name, what);
    json_decref(studio_post(path, "", code));
}

/* Waits until the last fetch is so far. Its error, or "". */
static const char *await(const char *name, const char *phase, double least) {
    static char error[1024];
    for (int i = 0; i < 8000; i++, page_nap(25)) {
        json_t *list = studio_get("networks", 200), *last = json_object_get(list, "fetch");
        const bool is_so = json_is_object(last) && strcmp(state_text(last, "name"), name) == 0 &&
                           strcmp(state_text(last, "phase"), phase) == 0 &&
                           json_number_value(json_object_get(last, "done")) >= least;
        const char *text = json_string_value(json_object_get(last, "error"));
        snprintf(error, sizeof error, "%s", text ? text : "");
        json_decref(list);
        if (is_so)
            return error;
    }
    ck_abort_msg("%s is never %s: %.900s", name, phase, page_body);
    return NULL;
}

START_TEST(a_network_is_fetched_and_checked) {
    const web_answer answers[] = {{.path = "/whole", .body = body, .bytes = bytes},
                                  {.path = "/five", .body = broken, .bytes = bytes}};
    web_set(answers, 2);
    ck_assert(!is_installed("whole"));
    press("whole", "fetch", 202);
    ck_assert_str_eq(await("whole", "done", (double)bytes), "");
    ck_assert(is_installed("whole"));
    ck_holds(data("whole.net"), body, bytes);
    press("whole", "fetch", 202); /* it is there already */
    ck_assert_str_eq(await("whole", "done", (double)bytes), "");
    press("five", "fetch", 202);
    const char *error = await("five", "failed", 0);
    ck_assert_msg(strstr(error, "MD5") != NULL, "%s", error);
    ck_assert(!is_installed("five"));
    ck_nothing("five.net");
    press("prefix", "fetch", 202);
    ck_assert_msg(strstr(await("prefix", "failed", 0), "404"), "%s", await("prefix", "failed", 0));
    forget("whole.net");
}
END_TEST

START_TEST(a_fetch_can_be_stopped_and_goes_on) {
    const web_answer slow[] = {{.path = "/whole",
                                .body = body,
                                .bytes = bytes,
                                .headers = TAGGED,
                                .ranges = true,
                                .pause = 100000,
                                .pause_ms = 20000}},
                     fast[] = {{.path = "/whole", .body = body, .bytes = bytes, .headers = TAGGED, .ranges = true}};
    web_set(slow, 1);
    press("whole", "fetch", 202);
    await("whole", "receiving", 50000);
    press("whole", "fetch", 202); /* the same */
    press("five", "fetch", 409);
    press("five", "stop", 409);
    press("whole", "stop", 202);
    ck_assert(strstr(await("whole", "failed", 0), "kept for the next time") != NULL);
    ck_assert(!is_installed("whole"));
    ck_assert_uint_ge(size_of(data("whole.net.part")), 50000);
    press("whole", "stop", 409);
    web_set(fast, 1);
    press("whole", "fetch", 202);
    ck_assert_str_eq(await("whole", "done", (double)bytes), "");
    ck_holds(data("whole.net"), body, bytes);
    forget("whole.net");
    web_set(slow, 1); /* the studio's end does not wait for it */
    press("whole", "fetch", 202);
    await("whole", "receiving", 50000);
}
END_TEST

START_TEST(other_names_are_not_fetched) {
    web_set(NULL, 0);
    static const char *const names[] = {"nothing", "http:%5c%5chost", "small", "medium", "..%2fx"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        press(names[i], "fetch", i == 4 ? 400 : 404);
    ck_assert(is_installed("small") && is_installed("medium"));
    ck_assert_uint_eq(web_requests(), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("studio_networks");
    TCase *cases = tcase_create("networks");
    tcase_add_unchecked_fixture(cases, begin, studio_end);
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, a_network_is_fetched_and_checked);
    tcase_add_test(cases, other_names_are_not_fetched);
    tcase_add_test(cases, a_fetch_can_be_stopped_and_goes_on);
    suite_add_tcase(suite, cases);
    return test_run(suite);
}
