#define _POSIX_C_SOURCE 200809L

#include "fetch_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"

static int port;
uint8_t *body, *other, *broken;
size_t bytes, other_bytes;
char sha256[65], md5[65];
pst_catalogue *catalogue;
pst_fetch_report report;

/* ---- the folder ---- */

const char *data(const char *name) {
    char path[400];
    snprintf(path, sizeof path, "data/%s", name);
    return test_path(path);
}

bool exists(const char *path) {
    struct stat about;
    return stat(path, &about) == 0;
}

size_t size_of(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 ? (size_t)about.st_size : 0;
}

void ck_holds(const char *path, const uint8_t *wanted, size_t count) {
    uint8_t *found;
    size_t length;
    pst_error error;
    ck_ok(error, pst_file_load(&error, path, 1 << 24, &found, &length));
    ck_assert_uint_eq(length, count);
    ck_assert_mem_eq(found, wanted, count);
    free(found);
}

void ck_nothing(const char *name) {
    char path[300];
    static const char *const endings[] = {"", ".part", ".part.from"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", name, endings[i]);
        ck_assert_msg(!exists(data(path)), "%s is there", path);
    }
}

void forget(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s.part", name);
    unlink(data(path));
    snprintf(path, sizeof path, "%s.part.from", name);
    unlink(data(path));
    unlink(data(name));
}

const char *url(const char *path) {
    static char urls[4][256];
    static unsigned next;
    char *made = urls[next++ % 4];
    snprintf(made, 256, "http://127.0.0.1:%d%s", port, path);
    return made;
}

#define ENTRY(name, more)                                                                       \
    "{\"name\": \"" name "\", \"file\": \"" name ".net\", \"url\": \"http://127.0.0.1:%d/" name \
    "\", \"license\": \"none\", "                                                               \
    "\"format\": \"safetensors\", \"convention\": \"caffe\", " more "}"

static void digest(pst_digest_kind kind, char hex[65]) {
    pst_digest d;
    pst_digest_begin(&d, kind);
    pst_digest_add(&d, body, bytes);
    pst_digest_end(&d, hex);
}

void fetch_prepare(void) {
    char text[4096];
    pst_error error;
    static const int channels[5] = {24, 32, 32, 32, 32}, units[5] = {2, 2, 4, 4, 1};
    for (const char *const *name =
             (const char *const[]){"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", NULL};
         *name; name++)
        unsetenv(*name);
    setenv("TERM", "dumb", 1);
    test_write_network(test_path("net"), channels, units, 1);
    test_write_network(test_path("other"), channels, units, 2);
    ck_ok(error, pst_file_load(&error, test_path("net"), 1 << 24, &body, &bytes));
    ck_ok(error, pst_file_load(&error, test_path("net"), 1 << 24, &broken, &bytes));
    ck_ok(error, pst_file_load(&error, test_path("other"), 1 << 24, &other, &other_bytes));
    broken[bytes / 3] ^= 1;
    ck_assert_uint_gt(bytes, 200000);
    digest(PST_DIGEST_SHA256, sha256);
    digest(PST_DIGEST_MD5, md5);
    port = web_start();
    snprintf(text, sizeof text,
             "{\"pastiche_catalogue\": 1, \"networks\": ["
             /* clang-format off: an entry a line */
             ENTRY("whole", "\"bytes\": %zu, \"sha256\": \"%s\"") ", " ENTRY("prefix", "\"sha256_prefix\": \"%.8s\"") ", " ENTRY(
                 "five",
                 "\"bytes\": %zu, \"md5\": \"%s\"") ", " ENTRY("unknown",
                                                               "\"notes\": \"\"") ", " ENTRY("mirrored",
                                                                                             "\"mirror\": "
                                                                                             "\"http://127.0.0.1:%d/"
                                                                                             "mirror\", \"bytes\": "
                                                                                             "%zu, \"sha256\": \"%s\"")
             /* clang-format on */
             "]}",
             port, bytes, sha256, port, sha256, port, bytes, md5, port, port, port, bytes, sha256);
    test_write(test_path("catalogue.json"), text, strlen(text));
    setenv("PASTICHE_CATALOGUE", test_path("catalogue.json"), 1);
    setenv("PASTICHE_DATA", test_path("data"), 1);
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_OK);
}

/* ---- fetching ---- */

pst_status fetch_with(pst_fetch_options *options, pst_fetch_callback callback, void *user) {
    report = (pst_fetch_report){.size = sizeof report};
    return pst_catalogue_fetch(catalogue, options, callback, user, &report);
}

pst_status fetch(const char *what) {
    pst_fetch_options options;
    pst_fetch_options_init(&options, sizeof options);
    options.what = what;
    options.stall_seconds = 20;
    return fetch_with(&options, NULL, NULL);
}

void ck_fetched(const char *what, pst_fetch_check check) {
    pst_status status = fetch(what);
    ck_assert_msg(status == PST_OK, "%s: %s", what, pst_catalogue_message(catalogue));
    ck_assert_int_eq(report.check, check);
    ck_assert_str_eq(report.sha256, sha256);
    ck_assert_uint_eq(report.bytes, bytes);
}

void ck_failed(const char *what, pst_status wanted, const char *word, const char *more) {
    pst_status status = fetch(what);
    const char *said = pst_catalogue_message(catalogue);
    ck_assert_msg(status == wanted, "%s: %s: %s", what, pst_status_name(status), said);
    ck_assert_msg(strstr(said, word) && strstr(said, more), "%s: no %s, %s in: %s", what, word, more, said);
}
