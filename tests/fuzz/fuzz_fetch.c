/* Downloads: what an earlier run left, the part and the companion that tells where it comes from, and what servers
 * answer. A server is played in the place of libcurl.
 * The input: what is fetched (5 kinds), bytes a call, then texts between form feeds: the companion, the part, answers.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/digest.h"
#include "base/file.h"
#include "fuzz.h"
#include "model/catalogue.h"

enum { KINDS = 5, REDIRECTIONS_MOST = 8 };

/* A network of one convolution, 3 -> 1, all zeros: what "known", "prefix" and "five" are. */
static const char header[] = "{\"conv1_1.weight\":{\"dtype\":\"F32\",\"shape\":[1,3,3,3],\"data_offsets\":[0,108]},"
                             "\"conv1_1.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[108,112]}}";
static uint8_t wanted[8 + sizeof header - 1 + 112] = {sizeof header - 1};
static const char *const kinds[KINDS] = {"known", "prefix", "five", "plain", "http://h/net"};
static unsigned kind;

static void digest(pst_digest_kind of, char hex[65]) {
    pst_digest digest;
    pst_digest_begin(&digest, of);
    pst_digest_add(&digest, wanted, sizeof wanted);
    pst_digest_end(&digest, hex);
}

static pst_catalogue *read_catalogue(void) {
    static pst_catalogue *catalogue;
    char text[2048] = "{\"pastiche_catalogue\":1,\"networks\":[", more[KINDS - 1][160] = {""}, sha256[65], md5[65];
    pst_error error = {0};
    size_t length = strlen(text);
    if (catalogue)
        return catalogue;
    memcpy(wanted + 8, header, sizeof header - 1);
    digest(PST_DIGEST_SHA256, sha256);
    digest(PST_DIGEST_MD5, md5);
    snprintf(more[0], sizeof more[0], ",\"mirror\":\"http://h/b\",\"bytes\":%zu,\"sha256\":\"%s\"", sizeof wanted,
             sha256);
    snprintf(more[1], sizeof more[1], ",\"sha256_prefix\":\"%.8s\"", sha256);
    snprintf(more[2], sizeof more[2], ",\"md5\":\"%s\"", md5);
    for (int i = 0; i < KINDS - 1; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "%s{\"name\":\"%s\",\"file\":\"%s\",\"url\":\"http://h/a\",\"license\":\"none\","
                                   "\"format\":\"safetensors\",\"convention\":\"caffe\"%s}",
                                   i ? "," : "", kinds[i], kinds[i], more[i]);
    length += (size_t)snprintf(text + length, sizeof text - length, "]}");
    FUZZ_PROMISE(length < sizeof text);
    FUZZ_PROMISE(pst_catalogue_read(&error, fuzz_file("catalogue", text, length), &catalogue) == PST_OK);
    return catalogue;
}

static bool checked(void) { return kind < 3; }

/* ---- the server ---------------------------------------------------------------------------------------------- */

static struct {
    const char *answers;
    size_t bytes, chunk;
    long code, hops;
    curl_off_t length;
    char type[128], range[128];
    bool asked_range, typed;
    const struct curl_slist *lines;
    char *detail;
    void *header_user, *data_user, *tell_user;
    size_t (*on_header)(char *, size_t, size_t, void *);
    size_t (*on_data)(char *, size_t, size_t, void *);
    int (*tell)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
} server;

/* What stands before the next form feed. */
static const char *next_text(const char **at, size_t *left, size_t *bytes) {
    const char *text = *at, *end = *left ? memchr(text, '\f', *left) : NULL;
    *bytes = end ? (size_t)(end - text) : *left;
    *left -= *bytes + (end ? 1 : 0);
    *at += *bytes + (end ? 1 : 0);
    return text;
}

CURLcode __wrap_curl_global_init(long flags);
void __wrap_curl_global_cleanup(void);
CURL *__wrap_curl_easy_init(void);
void __wrap_curl_easy_cleanup(CURL *curl);
CURLcode __wrap_curl_easy_setopt(CURL *curl, CURLoption option, ...);
CURLcode __wrap_curl_easy_getinfo(CURL *curl, CURLINFO info, ...);
CURLcode __wrap_curl_easy_perform(CURL *curl);
int __wrap_fsync(int descriptor);

int __wrap_fsync(int descriptor) { return descriptor < 0 ? -1 : 0; } /* it would take most of the time */

CURLcode __wrap_curl_global_init(long flags) { return flags ? CURLE_OK : CURLE_FAILED_INIT; }
void __wrap_curl_global_cleanup(void) {}

CURL *__wrap_curl_easy_init(void) {
    server.lines = NULL;
    server.hops = 0;
    return &server;
}

void __wrap_curl_easy_cleanup(CURL *curl) { FUZZ_PROMISE(curl == &server); }

CURLcode __wrap_curl_easy_setopt(CURL *curl, CURLoption option, ...) {
    va_list value;
    FUZZ_PROMISE(curl == &server);
    va_start(value, option);
    switch ((int)option) {
    case CURLOPT_ERRORBUFFER:
        server.detail = va_arg(value, char *);
        break;
    case CURLOPT_HEADERFUNCTION:
        server.on_header = va_arg(value, size_t(*)(char *, size_t, size_t, void *));
        break;
    case CURLOPT_HEADERDATA:
        server.header_user = va_arg(value, void *);
        break;
    case CURLOPT_WRITEFUNCTION:
        server.on_data = va_arg(value, size_t(*)(char *, size_t, size_t, void *));
        break;
    case CURLOPT_WRITEDATA:
        server.data_user = va_arg(value, void *);
        break;
    case CURLOPT_XFERINFOFUNCTION:
        server.tell = va_arg(value, int (*)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t));
        break;
    case CURLOPT_XFERINFODATA:
        server.tell_user = va_arg(value, void *);
        break;
    case CURLOPT_HTTPHEADER:
        server.lines = va_arg(value, struct curl_slist *);
        break;
    default:
        break;
    }
    va_end(value);
    return CURLE_OK;
}

CURLcode __wrap_curl_easy_getinfo(CURL *curl, CURLINFO info, ...) {
    va_list value;
    FUZZ_PROMISE(curl == &server);
    va_start(value, info);
    switch ((int)info) {
    case CURLINFO_RESPONSE_CODE:
        *va_arg(value, long *) = server.code;
        break;
    case CURLINFO_REDIRECT_COUNT:
        *va_arg(value, long *) = server.hops;
        break;
    case CURLINFO_CONTENT_TYPE:
        *va_arg(value, const char **) = server.typed ? server.type : NULL;
        break;
    case CURLINFO_CONTENT_LENGTH_DOWNLOAD_T:
        *va_arg(value, curl_off_t *) = server.length;
        break;
    default:
        fuzz_broken("known question", __FILE__, __LINE__);
    }
    va_end(value);
    return CURLE_OK;
}

/* Nothing of an earlier answer goes into a request but as a value in one line. Without a checksum a part is gone on
 * with only where the server is asked whether it is still of its file. */
static void check_request(void) {
    bool condition = false;
    server.asked_range = false;
    for (const struct curl_slist *line = server.lines; line; line = line->next) {
        for (const char *c = line->data; *c; c++)
            FUZZ_PROMISE(*c == '\t' || (*c >= ' ' && *c <= '~'));
        server.asked_range = server.asked_range || strncmp(line->data, "Range: bytes=", 13) == 0;
        condition = condition || (strncmp(line->data, "If-Range: ", 10) == 0 && line->data[10]);
    }
    FUZZ_PROMISE(!server.asked_range || condition || checked());
}

static bool value_of(const char *line, size_t length, const char *name, char *value, size_t capacity) {
    size_t at = strlen(name);
    if (length <= at || line[at] != ':' || !curl_strnequal(line, name, at))
        return false;
    for (at++; at < length && (line[at] == ' ' || line[at] == '\t');)
        at++;
    while (length > at && strchr("\r\n", line[length - 1]))
        length--;
    snprintf(value, capacity, "%.*s", (int)(length - at), line + at);
    return true;
}

/* One answer up to its body; false where libcurl would see none. */
static bool read_headers(const char **at, size_t *left, bool *elsewhere) {
    char value[128];
    if (*left < 9 || memcmp(*at, "HTTP/", 5) != 0)
        return false;
    server.code = 0;
    server.length = -1;
    server.typed = false;
    server.range[0] = '\0';
    *elsewhere = false;
    const char *space = memchr(*at, ' ', *left < 12 ? *left : 12);
    for (int i = 1; space && space + i < *at + *left && i <= 3 && space[i] >= '0' && space[i] <= '9'; i++)
        server.code = 10 * server.code + space[i] - '0';
    for (bool more = true; more && *left > 0;) {
        const char *end = memchr(*at, '\n', *left);
        size_t length = end ? (size_t)(end - *at) + 1 : *left;
        char *line = malloc(length); /* with its end where a reader must not go on */
        FUZZ_PROMISE(line);
        memcpy(line, *at, length);
        more = !(line[0] == '\n' || (length == 2 && line[0] == '\r'));
        if (value_of(line, length, "content-length", value, sizeof value) && *value >= '0' && *value <= '9')
            server.length = strtoll(value, NULL, 10);
        server.typed = value_of(line, length, "content-type", server.type, sizeof server.type) || server.typed;
        value_of(line, length, "content-range", server.range, sizeof server.range);
        *elsewhere = value_of(line, length, "location", value, sizeof value) || *elsewhere;
        bool taken = server.on_header(line, 1, length, server.header_user) == length;
        free(line);
        FUZZ_PROMISE(taken);
        *at += length;
        *left -= length;
    }
    *elsewhere = *elsewhere && server.code >= 300 && server.code < 400;
    return server.code >= 100;
}

static CURLcode send_body(const char *body, size_t bytes) {
    size_t most = server.length >= 0 && (uint64_t)server.length < bytes ? (size_t)server.length : bytes;
    for (size_t at = 0; at < most;) {
        size_t part = most - at < server.chunk ? most - at : server.chunk;
        char *copy = malloc(part);
        FUZZ_PROMISE(copy);
        memcpy(copy, body + at, part);
        bool stop = server.tell(server.tell_user, server.length < 0 ? 0 : server.length, (curl_off_t)at, 0, 0) != 0;
        bool taken = !stop && server.on_data(copy, 1, part, server.data_user) == part;
        free(copy);
        if (!taken)
            return stop ? CURLE_ABORTED_BY_CALLBACK : CURLE_WRITE_ERROR;
        at += part;
    }
    return server.length > 0 && most < (uint64_t)server.length ? CURLE_PARTIAL_FILE : CURLE_OK;
}

CURLcode __wrap_curl_easy_perform(CURL *curl) {
    bool elsewhere = true;
    CURLcode result = CURLE_OK;
    FUZZ_PROMISE(curl == &server);
    check_request();
    server.code = 0;
    server.length = -1;
    server.typed = false;
    for (server.hops = 0; elsewhere; server.hops++) {
        size_t bytes;
        if (server.bytes == 0)
            return CURLE_COULDNT_CONNECT;
        if (server.hops > REDIRECTIONS_MOST)
            return CURLE_TOO_MANY_REDIRECTS;
        const char *answer = next_text(&server.answers, &server.bytes, &bytes);
        if (!read_headers(&answer, &bytes, &elsewhere)) {
            snprintf(server.detail, CURL_ERROR_SIZE, "Received HTTP/0.9 when not allowed");
            return CURLE_UNSUPPORTED_PROTOCOL;
        }
        result = elsewhere ? CURLE_OK : send_body(answer, bytes);
    }
    return result;
}

/* ---- what comes of it ---------------------------------------------------------------------------------------- */

static bool take_progress(void *user, const pst_fetch_progress *progress) {
    (void)user;
    FUZZ_PROMISE(progress->phase != PST_FETCH_RECEIVING || progress->done > progress->resumed);
    if (progress->notice)
        fuzz_check_text(progress->notice);
    return false;
}

/* All that was announced is there: of the file that is known, or of the server's. */
static void check_installed(const pst_fetch_report *report) {
    uint8_t *file;
    size_t bytes;
    unsigned long long first, last, all;
    FUZZ_PROMISE(pst_file_load(NULL, "net", 1 << 20, &file, &bytes) == PST_OK && bytes > 0 && report->bytes == bytes);
    FUZZ_PROMISE((report->check != PST_CHECK_NONE) == checked());
    FUZZ_PROMISE(!checked() || (bytes == sizeof wanted && memcmp(file, wanted, bytes) == 0));
    if (!checked() && server.code == 206 && sscanf(server.range, "bytes %llu-%llu/%llu", &first, &last, &all) == 3)
        FUZZ_PROMISE(bytes == all);
    if (!checked() && server.code == 200 && server.length >= 0)
        FUZZ_PROMISE(bytes == (uint64_t)server.length);
    free(file);
    FUZZ_PROMISE(pst_path_examine("net.part", NULL) == PST_PATH_NONE);
}

static bool is_still(const char *path, const char *text, size_t length) {
    uint8_t *file;
    size_t bytes;
    if (pst_file_load(NULL, path, 1 << 20, &file, &bytes) != PST_OK)
        return false;
    const bool still = bytes == length && memcmp(file, text, length) == 0;
    free(file);
    return still;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_catalogue *catalogue = read_catalogue();
    pst_fetch_options options;
    pst_fetch_report report = {.size = sizeof report};
    if (bytes < 2)
        return 0;
    static const char *const left[] = {"net", "net.part", "net.part.from"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        remove(left[i]);
    kind = data[0] % KINDS;
    server.chunk = 1 + data[1];
    server.answers = (const char *)data + 2;
    server.bytes = bytes - 2;
    const char *texts[3];
    size_t lengths[3] = {0};
    for (int i = 2; i > 0; i--) {
        texts[i] = next_text(&server.answers, &server.bytes, &lengths[i]);
        if (lengths[i] > 0)
            fuzz_file(left[i], texts[i], lengths[i]);
    }
    pst_fetch_options_init(&options, sizeof options);
    options.what = kinds[kind];
    options.output = "net";
    pst_status status = pst_catalogue_fetch(catalogue, &options, take_progress, NULL, &report);
    FUZZ_PROMISE((pst_path_examine("net", NULL) == PST_PATH_FILE) == (status == PST_OK));
    if (status == PST_OK)
        check_installed(&report);
    else
        fuzz_check_text(pst_catalogue_message(catalogue));
    if (status != PST_OK && strstr(pst_catalogue_message(catalogue), "was not left by a download")) {
        for (int i = 2; i > 0; i--)
            FUZZ_PROMISE(lengths[i] == 0 || is_still(left[i], texts[i], lengths[i]));
        return 0;
    }
    FUZZ_PROMISE(pst_path_examine("net.part", NULL) == PST_PATH_FILE ||
                 pst_path_examine("net.part.from", NULL) == PST_PATH_NONE);
    return 0;
}
