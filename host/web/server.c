/* HTTP: connections, who may ask what, and the page's files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package/embedded.h"
#include "web/access.h"
#include "web/serve.h"

extern const embedded_file web_files[], studio_files[]; /* those of page/ and of studio/ */

enum { BODY_MOST = 1024, IDLE_SECONDS = 30 };

/* ---- the page's files ---- */

static enum MHD_Result give_file(const web *w, connection *to, const request *r, const char *name) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    const embedded_file *file = embedded_find(web_files, name);
    if (!file && w->service.answer)
        file = embedded_find(studio_files, name);
    const char *ending = file ? strrchr(file->name, '.') : NULL;
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i][0], ending) == 0)
            return answer_bytes(to, MHD_HTTP_OK, types[i][1], file->data, file->bytes, true);
    return answer_not_found(to, r);
}

/* ---- requests ---- */

static bool begins(const char *text, const char *word) { return strncmp(text, word, strlen(word)) == 0; }

/* All that the headers tell. What is refused here is answered when its body has come, which goes nowhere: a browser
 * that still sends does not hear the answer. */
static void judge(web *w, connection *from, const char *url, const char *method, request *r) {
    const char *host = request_header(from, "Host");
    bool slash;
    if (w->loopback && !access_is_loopback_name(host)) {
        refuse(r, MHD_HTTP_FORBIDDEN, "this page is at localhost, by no other name");
        return;
    }
    r->path = access_path(w->secret, url, &slash);
    if (!r->path) {
        refuse(r, MHD_HTTP_NOT_FOUND, "not found");
        return;
    }
    r->posts = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    r->is_api = w->service.answer && begins(r->path, "api/");
    r->most = r->is_api ? CALL_BODY_MOST : BODY_MOST;
    if (!access_is_own_origin(request_header(from, "Origin"), host) ||
        (*r->path && !access_is_own_site(request_header(from, "Sec-Fetch-Site"))))
        refuse(r, MHD_HTTP_FORBIDDEN, "another site's page has no business here");
    const char *secret = request_header(from, "X-Pastiche-Button");
    if (r->posts &&
        (!secret || strlen(secret) != WEB_SECRET || !access_same_secret(w->button_secret, secret, WEB_SECRET)))
        refuse(r, MHD_HTTP_FORBIDDEN, "buttons need the secret of the state in X-Pastiche-Button");
    if (!r->posts && strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD or POST");
    if (!r->posts && !slash)
        refuse(r, MHD_HTTP_NOT_FOUND, "the address ends with a slash");
    if (!r->refusal && r->is_api)
        call_open(w, from, r);
}

/* A part of a body. */
static void take_body(request *r, const char *data, size_t bytes) {
    if (r->refusal || !r->posts)
        return;
    if (call_uploads(r->call)) {
        call_take(r, data, bytes);
        return;
    }
    char *grown = bytes > r->most - r->bytes ? NULL : realloc(r->body, r->bytes + bytes + 1);
    if (!grown) {
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "too much, or not text");
        return;
    }
    memcpy(grown + r->bytes, data, bytes);
    r->body = grown;
    r->bytes += bytes;
    r->body[r->bytes] = '\0';
}

static enum MHD_Result serve(web *w, connection *to, request *r) {
    static const char image[] = "image/";
    if (r->body && strlen(r->body) != r->bytes)
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "too much, or not text");
    if (r->refusal)
        return answer_line(to, r, r->refusal, r->why);
    if (r->call)
        return strcmp(r->path, "api/events") == 0 ? events_send(w, to, r) : call_answer(w, to, r);
    if (r->posts)
        return live_press(w, to, r);
    if (!*r->path)
        return give_file(w, to, r, w->service.answer ? "studio.html" : "page.html");
    if (strcmp(r->path, "live") == 0 && w->service.answer)
        return give_file(w, to, r, "page.html");
    if (strcmp(r->path, "state") == 0)
        return live_state(w, to, r);
    if (begins(r->path, image))
        return live_image(w, to, r->path + strlen(image), r);
    return give_file(w, to, r, r->path);
}

static enum MHD_Result take(void *self, connection *from, const char *url, const char *method, const char *version,
                            const char *data, size_t *bytes, void **state) {
    web *w = self;
    request *r = *state;
    (void)version;
    if (!r) { /* the headers are here; asked again for the body, and at its end */
        if (!request_visitor(from) || !(*state = r = calloc(1, sizeof *r)))
            return MHD_NO;
        web_lock(w->monitor);
        w->requests++;
        web_unlock(w->monitor);
        judge(w, from, url, method, r);
        if (call_uploads(r->call))
            visitors_enter(w->visitors, request_visitor(from), VISITOR_SENDS);
        /* Who waits for leave to send has it refused. */
        return r->refusal && request_header(from, "Expect") ? answer_line(from, r, r->refusal, r->why) : MHD_YES;
    }
    if (*bytes > 0) {
        take_body(r, data, *bytes);
        if (call_uploads(r->call))
            visitors_progress(w->visitors, request_visitor(from), *bytes);
        *bytes = 0;
        return MHD_YES;
    }
    visitors_enter(w->visitors, request_visitor(from), VISITOR_WAITS);
    enum MHD_Result result = serve(w, from, r);
    visitors_enter(w->visitors, request_visitor(from), VISITOR_TAKES);
    return result;
}

/* What has been sent whole is known to who looks. */
static void done(void *self, connection *from, void **state, enum MHD_RequestTerminationCode code) {
    web *w = self;
    request *r = *state;
    if (!r)
        return;
    visitors_enter(w->visitors, request_visitor(from), VISITOR_ASKS);
    web_lock(w->monitor);
    w->requests--;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && r->told_version)
        w->told_version = r->told_version;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && r->image_version == w->image_version)
        w->image_fetched = true;
    web_unlock(w->monitor);
    call_close(r->call);
    free(r->body);
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
    snprintf(message, 512, "the page's server cannot be started");
    return false;
}

void web_server_stop(web *w) {
    MHD_stop_daemon(w->daemon); /* and closes the socket */
    visitors_close(w->visitors);
}
