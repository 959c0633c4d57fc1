/* HTTP: a few files, the state, images, and four buttons. Every connection has a thread of its own, so that one may
 * wait for news; what it may touch stands in state.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "package/embedded.h"
#include "web/access.h"
#include "web/state.h"
#include "web/visitors.h"

extern const embedded_file web_files[]; /* those of page/ */

enum { TOO_LARGE = 413, BODY_MOST = 1024, IDLE_SECONDS = 30 };
#define NEWS_SECONDS 20 /* that a browser waits for news at most */
#define WEIGHT_MOST 1e12

typedef struct MHD_Connection connection;

typedef struct request {
    char body[BODY_MOST + 1];
    size_t length;
    bool too_long;
    unsigned told_version, image_version; /* of what somebody who looks gets with the answer; 0: nothing of that kind */
} request;

/* ---- answers ---- */

static enum MHD_Result answer(connection *to, unsigned code, const char *type, const char *text, size_t bytes,
                              bool constant) {
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
    };
    struct MHD_Response *response = MHD_create_response_from_buffer(
        bytes, (void *)(size_t)text, constant ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
    enum MHD_Result result = MHD_queue_response(to, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say(connection *to, unsigned code, const char *text) {
    return answer(to, code, "text/plain; charset=utf-8", text, strlen(text), true);
}

static enum MHD_Result not_found(connection *to) { return say(to, MHD_HTTP_NOT_FOUND, "not found\n"); }

/* ---- what is to be had ---- */

static enum MHD_Result give_file(connection *to, const char *name) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    const embedded_file *file = embedded_find(web_files, name);
    const char *ending = file ? strrchr(file->name, '.') : NULL;
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i][0], ending) == 0)
            return answer(to, MHD_HTTP_OK, types[i][1], (const char *)file->data, file->bytes, true);
    return not_found(to);
}

/* A number from the query, or 0. */
static unsigned asked(connection *from, const char *name) {
    const char *value = MHD_lookup_connection_value(from, MHD_GET_ARGUMENT_KIND, name);
    return value ? (unsigned)strtoul(value, NULL, 10) : 0;
}

static visitor *visitor_of(connection *from) {
    return MHD_get_connection_info(from, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result give_state(web *w, connection *to, request *r) {
    unsigned version = asked(to, "version");
    bool looks = asked(to, "look") != 0;
    web_has has = {asked(to, "run"), asked(to, "epoch"), asked(to, "points"), asked(to, "notes")};
    web_lock(w->monitor);
    double until = web_clock() + NEWS_SECONDS;
    w->lookers += looks;
    while (!w->ending && !visitor_has_ended(visitor_of(to)) && w->version == version && web_clock() < until)
        web_wait(w->monitor, until - web_clock());
    char *text = web_state_text(w, &has);
    w->lookers -= looks;
    if (looks) {
        w->looked_at = web_clock();
        r->told_version = w->version;
    }
    web_unlock(w->monitor);
    enum MHD_Result result = text ? answer(to, MHD_HTTP_OK, "application/json", text, strlen(text), false)
                                  : say(to, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory left\n");
    free(text);
    return result;
}

static enum MHD_Result give_image(web *w, connection *to, const char *name, request *r) {
    unsigned index = asked(to, "index");
    bool whole = asked(to, "whole") != 0, is_result = strcmp(name, "result") == 0;
    web_lock(w->encoding); /* one file at a time is enough work beside the run */
    web_lock(w->monitor);
    web_shot *shot = is_result                                               ? w->image
                     : strcmp(name, "content") == 0                          ? w->content
                     : strcmp(name, "style") == 0 && index < WEB_STYLES_MOST ? w->styles[index]
                                                                             : NULL;
    if (shot)
        shot->references++;
    unsigned version = w->image_version;
    web_unlock(w->monitor);
    bool made = shot && web_shot_encode(shot, whole);
    double cost = shot ? shot->encode_seconds : 0;
    web_unlock(w->encoding);
    enum MHD_Result result =
        !shot   ? not_found(to)
        : !made ? say(to, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory left\n")
                : answer(to, MHD_HTTP_OK, "image/jpeg", (const char *)shot->files[whole], shot->bytes[whole], false);
    web_lock(w->monitor);
    if (made && is_result) {
        w->encode_cost = cost;
        r->image_version = version;
    }
    web_shot_release(shot);
    web_unlock(w->monitor);
    return result;
}

/* ---- buttons ---- */

/* Reads "content=5&style=100&tv=0.001" over the weights that are there. */
static bool read_weights(const char *body, double weights[3]) {
    static const char *const names[] = {"content=", "style=", "tv="};
    while (*body) {
        int which = 0;
        while (which < 3 && strncmp(body, names[which], strlen(names[which])) != 0)
            which++;
        if (which == 3)
            return false;
        char *end;
        body += strlen(names[which]);
        double value = strtod(body, &end);
        if (end == body || !(value >= 0 && value <= WEIGHT_MOST) || (*end && *end != '&')) /* false for NaN */
            return false;
        weights[which] = value;
        body = *end ? end + 1 : end;
    }
    return true;
}

static bool is_painting(const web *w) { return strcmp(w->phase, "painting") == 0; }

static enum MHD_Result press(web *w, connection *to, const char *name, const char *body) {
    unsigned code = MHD_HTTP_ACCEPTED;
    const char *text = "noted\n";
    web_lock(w->monitor);
    web_wishes *wishes = &w->wishes;
    double weights[3];
    memcpy(weights, w->weights, sizeof weights);
    if (wishes->weights)
        memcpy(weights, (double[]){wishes->content_weight, wishes->style_weight, wishes->tv_weight}, sizeof weights);
    bool is_stop = strcmp(name, "stop") == 0, is_keep = strcmp(name, "keep") == 0,
         is_weights = strcmp(name, "weights") == 0;
    if (strcmp(name, "leave") == 0) {
        wishes->leave = true;
    } else if (!is_stop && !is_keep && !is_weights) {
        code = MHD_HTTP_NOT_FOUND;
        text = "not found\n";
    } else if (!is_painting(w) || (is_keep && w->iteration < 1)) {
        code = MHD_HTTP_CONFLICT;
        text = is_painting(w) ? "there is no image yet\n" : "nothing is being painted\n";
    } else if (is_weights && (!*body || !read_weights(body, weights))) {
        code = MHD_HTTP_BAD_REQUEST;
        text = "weights are numbers from 0 to 1e12: content=5&style=100&tv=0.001\n";
    } else if (is_weights) {
        wishes->weights = true;
        wishes->content_weight = weights[0];
        wishes->style_weight = weights[1];
        wishes->tv_weight = weights[2];
    } else {
        wishes->stop |= is_stop;
        wishes->keep |= is_keep;
    }
    if (code == MHD_HTTP_ACCEPTED) {
        w->has_wishes = true;
        web_tell(w->monitor); /* web_stay waits for it */
    }
    web_unlock(w->monitor);
    return say(to, code, text);
}

/* ---- requests ---- */

static const char *header(connection *from, const char *name) {
    return MHD_lookup_connection_value(from, MHD_HEADER_KIND, name);
}

static enum MHD_Result serve(web *w, connection *from, const char *url, const char *method, request *r) {
    static const char image[] = "image/";
    const char *host = header(from, "Host");
    bool slash;
    if (w->loopback && !access_is_loopback_name(host))
        return say(from, MHD_HTTP_FORBIDDEN, "this page is at localhost, by no other name\n");
    const char *path = access_path(w->secret, url, &slash);
    if (!path)
        return not_found(from);
    if (!access_is_own_origin(header(from, "Origin"), host) ||
        (*path && !access_is_own_site(header(from, "Sec-Fetch-Site"))))
        return say(from, MHD_HTTP_FORBIDDEN, "another site's page has no business here\n");
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0) {
        const char *secret = header(from, "X-Pastiche-Button");
        if (!secret || strlen(secret) != WEB_SECRET || !access_same_secret(w->button_secret, secret, WEB_SECRET))
            return say(from, MHD_HTTP_FORBIDDEN, "buttons need the secret of the state in X-Pastiche-Button\n");
        if (r->too_long || strlen(r->body) != r->length)
            return say(from, TOO_LARGE, "too much, or not text\n");
        return press(w, from, path, r->body);
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return say(from, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD or POST\n");
    if (!slash)
        return say(from, MHD_HTTP_NOT_FOUND, "the address ends with a slash\n");
    if (!*path)
        return give_file(from, "page.html");
    if (strcmp(path, "state") == 0)
        return give_state(w, from, r);
    if (strncmp(path, image, strlen(image)) == 0)
        return give_image(w, from, path + strlen(image), r);
    return give_file(from, path);
}

static enum MHD_Result take(void *self, connection *from, const char *url, const char *method, const char *version,
                            const char *data, size_t *bytes, void **state) {
    request *r = *state;
    (void)version;
    if (!r) { /* the headers are here; asked again for the body, and at its end */
        web *w = self;
        if (!visitor_of(from) || !(*state = r = calloc(1, sizeof *r)))
            return MHD_NO;
        web_lock(w->monitor);
        w->requests++;
        web_unlock(w->monitor);
        return MHD_YES;
    }
    if (*bytes > 0) {
        if (*bytes > BODY_MOST - r->length)
            r->too_long = true;
        else
            memcpy(r->body + r->length, data, *bytes);
        r->length += r->too_long ? 0 : *bytes;
        *bytes = 0;
        return MHD_YES;
    }
    web *w = self;
    visitors_enter(w->visitors, visitor_of(from), VISITOR_WAITS);
    enum MHD_Result result = serve(w, from, url, method, r);
    visitors_enter(w->visitors, visitor_of(from), VISITOR_TAKES);
    return result;
}

/* What has been sent whole is known to who looks. */
static void done(void *self, connection *from, void **state, enum MHD_RequestTerminationCode code) {
    web *w = self;
    request *r = *state;
    if (!r)
        return;
    visitors_enter(w->visitors, visitor_of(from), VISITOR_ASKS);
    web_lock(w->monitor);
    w->requests--;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && r->told_version)
        w->told_version = r->told_version;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && r->image_version == w->image_version)
        w->image_fetched = true;
    web_unlock(w->monitor);
    free(r);
    *state = NULL;
}

/* No address of ours needs escapes, so "%00" and the like are the letters that they are. */
static size_t keep_escapes(void *self, connection *from, char *text) {
    (void)self, (void)from;
    return strlen(text);
}

static void come_or_go(void *self, connection *who, void **context, enum MHD_ConnectionNotificationCode code) {
    web *w = self;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const void *address = MHD_get_connection_info(who, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
        MHD_socket socket = MHD_get_connection_info(who, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *context = visitors_add(w->visitors, (long long)socket, address);
    } else {
        visitors_remove(w->visitors, *context); /* before its socket is closed */
    }
}

bool web_server_start(web *w, char message[512]) {
    /* Those that have been ended keep their places for a moment. */
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC,
             most = 2 * VISITORS_MOST, idle = IDLE_SECONDS;
    w->visitors = visitors_open(w->monitor);
    if (w->visitors)
        w->daemon = MHD_start_daemon(flags, (uint16_t)w->listener.port, NULL, NULL, take, w, MHD_OPTION_LISTEN_SOCKET,
                                     (MHD_socket)w->listener.handle, MHD_OPTION_CONNECTION_LIMIT, most,
                                     MHD_OPTION_CONNECTION_TIMEOUT, idle, MHD_OPTION_NOTIFY_COMPLETED, done, w,
                                     MHD_OPTION_NOTIFY_CONNECTION, come_or_go, w, MHD_OPTION_UNESCAPE_CALLBACK,
                                     keep_escapes, NULL, MHD_OPTION_END);
    if (w->daemon)
        return true;
    visitors_close(w->visitors);
    snprintf(message, 512, "--web: the server cannot be started");
    return false;
}

void web_server_stop(web *w) {
    MHD_stop_daemon(w->daemon); /* and closes the socket */
    visitors_close(w->visitors);
}
