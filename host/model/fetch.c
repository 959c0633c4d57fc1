/* The only file that knows libcurl. */
#include "model/fetch.h"

#if !defined(PST_WITH_CURL)

bool pst_fetch_available(void) { return false; }

pst_status pst_fetch_url(pst_error *error, const pst_fetch_request *request, pst_fetch_answer *answer) {
    *answer = (pst_fetch_answer){0};
    return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: this build cannot fetch anything: it was made without libcurl",
                    request->url);
}

#else
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/file.h"
#include "model/verify.h"

#define REDIRECTS_MAX 8
#define CONNECT_SECONDS 30.0
#define PAGE_BYTES_MAX ((uint64_t)1 << 20) /* of an error's page that is not looked at */

typedef struct transfer {
    const pst_fetch_request *request;
    pst_fetch_answer *answer;
    pst_error *error;
    CURL *curl;
    pst_status status; /* what a callback found wrong */
    bool begun, wanted, judged;
    uint64_t from;  /* bytes that were asked to be left out */
    uint64_t total; /* of the whole file; 0: not known */
    uint64_t passed_over;
    curl_off_t received; /* as of received_at */
    double received_at;
    uint8_t head[PST_HEAD_BYTES];
    size_t head_bytes;
    /* of the last answer's headers: */
    char etag[256], modified[64], range[96], encoding[32];
} transfer;

bool pst_fetch_available(void) { return true; }

/* Something that another server may do better. */
static pst_status refuse(transfer *t, pst_status status, const char *what) {
    t->answer->elsewhere = true;
    return pst_fail(t->error, status, "%s: %s", t->request->url, what);
}

static void take_header(const char *line, size_t length, const char *name, char *value, size_t capacity) {
    size_t at = strlen(name);
    if (length <= at || line[at] != ':')
        return;
    for (size_t i = 0; i < at; i++)
        if (tolower((unsigned char)line[i]) != name[i])
            return;
    at++;
    while (at < length && isspace((unsigned char)line[at]))
        at++;
    while (length > at && isspace((unsigned char)line[length - 1]))
        length--;
    if (length - at < capacity)
        snprintf(value, capacity, "%.*s", (int)(length - at), line + at);
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
    transfer *t = user;
    size_t length = size * count;
    if (length > 5 && memcmp(line, "HTTP/", 5) == 0) /* the answer behind a redirection */
        t->etag[0] = t->modified[0] = t->range[0] = t->encoding[0] = 0;
    take_header(line, length, "etag", t->etag, sizeof t->etag);
    take_header(line, length, "last-modified", t->modified, sizeof t->modified);
    take_header(line, length, "content-range", t->range, sizeof t->range);
    take_header(line, length, "content-encoding", t->encoding, sizeof t->encoding);
    return length;
}

static pst_status check_type(transfer *t) {
    const char *type = NULL;
    char what[160];
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type);
    if (type && (curl_strnequal(type, "text/", 5) || curl_strnequal(type, "application/xhtml", 17))) {
        snprintf(what, sizeof what, "the server sent a page or a text (%.60s), not a network", type);
        return refuse(t, PST_ERROR_FORMAT, what);
    }
    if (t->encoding[0] && !curl_strequal(t->encoding, "identity"))
        return refuse(t, PST_ERROR_FORMAT, "the server sent it compressed, which was not asked for");
    return PST_OK;
}

static pst_status check_total(transfer *t) {
    char what[128];
    if (!t->total || !t->request->bytes || t->total == t->request->bytes)
        return PST_OK;
    snprintf(what, sizeof what, "has %llu bytes there, not %llu: it is another file", (unsigned long long)t->total,
             (unsigned long long)t->request->bytes);
    return refuse(t, PST_ERROR_FORMAT, what);
}

/* What a server says of a file's version, or "". */
static const char *validator_of(const transfer *t) { return t->etag[0] == '"' ? t->etag : t->modified; }

static pst_status check_answer(transfer *t, long code) {
    curl_off_t length = -1;
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    pst_status status = check_type(t);
    if (status != PST_OK)
        return status;
    if (code == 206) {
        unsigned long long first, last, all = 0;
        int found = sscanf(t->range, "bytes %llu-%llu/%llu", &first, &last, &all);
        if (t->from == 0 || found < 2 || first != t->from)
            return refuse(t, PST_ERROR_FORMAT, "the server sent another part than it was asked for");
        const char *asked = t->request->validator, *sent = validator_of(t);
        if (*asked && *sent && strcmp(asked, sent) != 0) {
            t->answer->useless = true; /* a server that does not know If-Range */
            return PST_STOPPED;
        }
        t->total = all;
        t->judged = t->answer->resumed = true;
        return check_total(t);
    }
    t->total = length > 0 ? (uint64_t)length : 0;
    status = check_total(t);
    if (status == PST_OK && pst_partial_bytes(t->request->part) > 0)
        status = pst_partial_cut(t->error, t->request->part, 0);
    if (status != PST_OK)
        return status;
    return t->request->begun(t->request->user, validator_of(t));
}

static pst_status begin(transfer *t) {
    long code = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code); /* 0: not HTTP */
    t->begun = true;
    t->wanted = code == 0 || code == 200 || code == 206;
    return t->wanted ? check_answer(t, code) : PST_OK;
}

static pst_status append(transfer *t, const void *data, size_t bytes) {
    uint64_t limit = t->request->bytes ? t->request->bytes : UINT64_MAX;
    if (bytes > limit - pst_partial_bytes(t->request->part))
        return refuse(t, PST_ERROR_FORMAT, "gives more bytes than the file has: it is another file");
    return pst_partial_append(t->error, t->request->part, data, bytes);
}

static pst_status judge(transfer *t) {
    const char *problem = pst_head_problem(t->head, t->head_bytes, t->request->format);
    t->judged = true;
    return problem ? refuse(t, PST_ERROR_FORMAT, problem) : append(t, t->head, t->head_bytes);
}

/* Nothing is written before the beginning was seen. */
static pst_status take(transfer *t, const char *data, size_t bytes) {
    pst_status status = t->begun ? PST_OK : begin(t);
    if (status != PST_OK)
        return status;
    if (!t->wanted) {
        t->passed_over += bytes;
        return t->passed_over > PAGE_BYTES_MAX ? PST_STOPPED : PST_OK;
    }
    if (!t->judged) {
        size_t count = bytes < PST_HEAD_BYTES - t->head_bytes ? bytes : PST_HEAD_BYTES - t->head_bytes;
        memcpy(t->head + t->head_bytes, data, count);
        t->head_bytes += count;
        data += count;
        bytes -= count;
        if (t->head_bytes == PST_HEAD_BYTES)
            status = judge(t);
    }
    return status == PST_OK && bytes > 0 ? append(t, data, bytes) : status;
}

static size_t on_data(char *data, size_t size, size_t count, void *user) {
    transfer *t = user;
    t->status = take(t, data, size * count);
    return t->status == PST_OK ? size * count : 0;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    transfer *t = user;
    double now = pst_clock_seconds();
    (void)down_total, (void)up_total, (void)up;
    if (down != t->received || t->received_at == 0) {
        t->received = down;
        t->received_at = now;
    }
    /* libcurl's own limit looks at an average, and waits for it to fall. */
    if (t->status == PST_OK && now - t->received_at > t->request->stall_seconds) {
        char what[64];
        snprintf(what, sizeof what, "no data arrived for %.0f seconds", t->request->stall_seconds);
        t->status = refuse(t, PST_ERROR_FILE, what);
    }
    if (t->status == PST_OK && t->request->tell(t->request->user, pst_partial_bytes(t->request->part), t->total))
        t->status = PST_STOPPED;
    return t->status != PST_OK;
}

static pst_status fail_code(transfer *t, long code) {
    char what[96];
    const char *meaning = code == 404 || code == 410   ? ": the file does not exist there"
                          : code == 401 || code == 403 ? ": access is restricted"
                          : code == 429 || code >= 500 ? ": try again later"
                                                       : "";
    unsigned long long all;
    if (code == 416 && t->from > 0) {
        t->answer->useless = true;
        t->answer->resumed = sscanf(t->range, "bytes */%llu", &all) == 1 && all == t->from; /* and whole */
        return PST_OK;
    }
    snprintf(what, sizeof what, "the server answers %ld%s", code, meaning);
    return refuse(t, PST_ERROR_FILE, what);
}

static pst_status fail_curl(transfer *t, CURLcode result, const char *detail) {
    char what[CURL_ERROR_SIZE + 64];
    long hops = 0;
    curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_COUNT, &hops);
    if (result == CURLE_OUT_OF_MEMORY)
        return pst_fail(t->error, PST_ERROR_MEMORY, "%s: not enough memory", t->request->url);
    if (result == CURLE_TOO_MANY_REDIRECTS)
        snprintf(what, sizeof what, "redirects more than %d times", REDIRECTS_MAX);
    else if (result == CURLE_UNSUPPORTED_PROTOCOL && t->begun == false && hops > 0)
        snprintf(what, sizeof what, "redirects to an address that is not followed: %s", detail);
    else if (result == CURLE_OPERATION_TIMEDOUT)
        snprintf(what, sizeof what, "no connection within %.0f seconds", CONNECT_SECONDS);
    else if (result == CURLE_PARTIAL_FILE || result == CURLE_RECV_ERROR)
        snprintf(what, sizeof what, "the connection broke (%s)", detail);
    else
        snprintf(what, sizeof what, "%s", detail);
    return refuse(t, PST_ERROR_FILE, what);
}

static bool set_protocols(CURL *curl, const char *url) {
    /* From https only to https; never to a file. */
    bool secure = strncmp(url, "https:", 6) == 0;
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https") == CURLE_OK;
#else
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FILE)) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS,
                            secure ? (long)CURLPROTO_HTTPS : (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK;
#endif
}

/* "Range" by hand: libcurl's own resuming fails where a server sends the whole file instead. */
static struct curl_slist *range_headers(const transfer *t) {
    char line[320];
    snprintf(line, sizeof line, "Range: bytes=%llu-", (unsigned long long)t->from);
    struct curl_slist *headers = curl_slist_append(NULL, line);
    if (headers && t->request->validator[0]) {
        snprintf(line, sizeof line, "If-Range: %.300s", t->request->validator);
        struct curl_slist *both = curl_slist_append(headers, line);
        if (!both)
            curl_slist_free_all(headers);
        headers = both;
    }
    return headers;
}

/* libcurl compares with the length of an answer; a part of the file says in another header how long the file is. */
static pst_status check_end(transfer *t) {
    char what[128];
    uint64_t bytes = pst_partial_bytes(t->request->part);
    if (!t->total || bytes == t->total)
        return PST_OK;
    snprintf(what, sizeof what, "the server sent %llu of %llu bytes", (unsigned long long)bytes,
             (unsigned long long)t->total);
    return refuse(t, PST_ERROR_FILE, what);
}

static pst_status perform(transfer *t, const struct curl_slist *headers) {
    char detail[CURL_ERROR_SIZE] = "";
    const pst_fetch_request *request = t->request;
    CURL *curl = t->curl;
    double connect = request->stall_seconds < CONNECT_SECONDS ? request->stall_seconds : CONNECT_SECONDS;
    bool set = set_protocols(curl, request->url);
#define SET(option, value) set = curl_easy_setopt(curl, option, value) == CURLE_OK && set
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_ERRORBUFFER, detail);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "pastiche/" PST_VERSION);
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(connect * 1000));
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, (void *)t);
    SET(CURLOPT_WRITEFUNCTION, on_data);
    SET(CURLOPT_WRITEDATA, (void *)t);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, (void *)t);
    if (headers)
        SET(CURLOPT_HTTPHEADER, headers);
#undef SET
    if (!set)
        return pst_fail(t->error, PST_ERROR_UNSUPPORTED, "%s: libcurl %s refuses an option", request->url,
                        curl_version());
    CURLcode result = curl_easy_perform(curl);
    if (t->answer->useless)
        return PST_OK;
    if (t->status != PST_OK && !(t->begun && !t->wanted && t->passed_over > PAGE_BYTES_MAX))
        return t->status;
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    if (t->begun && !t->wanted)
        return fail_code(t, code);
    if (result != CURLE_OK)
        return fail_curl(t, result, detail[0] ? detail : curl_easy_strerror(result));
    if (!t->begun) { /* an empty body */
        pst_status status = begin(t);
        if (status != PST_OK)
            return t->answer->useless ? PST_OK : status;
        if (!t->wanted)
            return fail_code(t, code);
    }
    pst_status status = t->judged ? PST_OK : judge(t);
    return status == PST_OK ? check_end(t) : status;
}

pst_status pst_fetch_url(pst_error *error, const pst_fetch_request *request, pst_fetch_answer *answer) {
    pst_status status = PST_OK;
    transfer t = {.request = request, .answer = answer, .error = error};
    struct curl_slist *headers = NULL;
    *answer = (pst_fetch_answer){0};
    bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    t.curl = ready ? curl_easy_init() : NULL;
    if (!t.curl)
        PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: libcurl cannot be started", request->url));
    t.from = strncmp(request->url, "file:", 5) == 0 ? 0 : pst_partial_bytes(request->part);
    if (t.from > 0 && !(headers = range_headers(&t)))
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory", request->url));
    PST_TRY(perform(&t, headers));

cleanup:
    curl_slist_free_all(headers);
    curl_easy_cleanup(t.curl);
    if (ready)
        curl_global_cleanup();
    return status;
}
#endif
