/* Requests to the live page, as the HTTP library hands them over. The first byte: bit 0, a secret is in the address;
 * bit 1, nothing is painted yet; bits 2 to 6, how much of the body comes at once; bit 7, there is a service. Then
 * "METHOD PATH?QUERY", a header a line, an empty line, and the body. The library's functions are the target's own, and
 * time passes only by waiting. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <microhttpd.h>

#include "fuzz.h"
#include "package/printable.h"
#include "web/state.h"
#include "web/visitors.h"

enum { PAIRS_MOST = 32, CHUNK_MOST = 32, UPLOAD_MOST = 100, READS_MOST = 3 };

typedef struct pair {
    const char *name, *value;
} pair;

typedef struct pairs {
    pair at[PAIRS_MOST];
    size_t count;
} pairs;

struct MHD_Connection {
    pairs headers, query;
    unsigned code; /* of the answer; 0: none yet */
    bool json;
};

struct MHD_Response {
    size_t bytes;
    char *data;
    bool json;
    MHD_ContentReaderCallback read; /* NULL: data is all */
    MHD_ContentReaderFreeCallback end;
    void *user;
};

struct MHD_Daemon {
    MHD_AccessHandlerCallback take;
    void *user;
    MHD_RequestCompletedCallback done;
    void *done_user;
};

/* ---- the HTTP library ---- */

static struct MHD_Daemon server;

struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept, void *accept_user,
                                    MHD_AccessHandlerCallback take, void *user, ...) {
    va_list options;
    (void)flags, (void)port, (void)accept, (void)accept_user;
    server.take = take;
    server.user = user;
    va_start(options, user);
    for (int option = va_arg(options, int); option != MHD_OPTION_END; option = va_arg(options, int))
        switch (option) {
        case MHD_OPTION_NOTIFY_COMPLETED:
            server.done = va_arg(options, MHD_RequestCompletedCallback);
            server.done_user = va_arg(options, void *);
            break;
        case MHD_OPTION_NOTIFY_CONNECTION:
        case MHD_OPTION_UNESCAPE_CALLBACK:
            (void)va_arg(options, void (*)(void));
            (void)va_arg(options, void *);
            break;
        default:
            (void)va_arg(options, unsigned); /* or a socket, which is one */
        }
    va_end(options);
    return &server;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon) { (void)daemon; }

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType kind, ...) {
    static union MHD_ConnectionInfo info;
    (void)kind;
    info.socket_context = connection; /* the visitor */
    return &info;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key) {
    const pairs *all = kind == MHD_HEADER_KIND ? &connection->headers : &connection->query;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->at[i].name, key) == 0)
            return all->at[i].value;
    return NULL;
}

int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator,
                              void *user) {
    int count = 0;
    for (size_t i = 0; i < connection->query.count; i++, count++)
        if (iterator && iterator(user, kind, connection->query.at[i].name, connection->query.at[i].value) == MHD_NO)
            return count + 1;
    return count;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t bytes, void *data, enum MHD_ResponseMemoryMode mode) {
    struct MHD_Response *made = calloc(1, sizeof *made);
    FUZZ_PROMISE(made && (made->data = malloc(bytes + 1)));
    memcpy(made->data, data, bytes); /* all of it is there */
    made->data[bytes] = '\0';
    made->bytes = bytes;
    if (mode == MHD_RESPMEM_MUST_FREE)
        free(data);
    return made;
}

struct MHD_Response *MHD_create_response_from_callback(uint64_t bytes, size_t block, MHD_ContentReaderCallback read,
                                                       void *user, MHD_ContentReaderFreeCallback end) {
    struct MHD_Response *made = calloc(1, sizeof *made);
    (void)bytes, (void)block;
    FUZZ_PROMISE(made);
    made->read = read;
    made->end = end;
    made->user = user;
    return made;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header, const char *content) {
    if (strcmp(header, "Content-Type") == 0)
        response->json = strcmp(content, "application/json") == 0;
    for (const char *at = content; *at; at++)
        FUZZ_PROMISE(*at >= ' ' && *at < 0x7f);
    return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned code, struct MHD_Response *response) {
    FUZZ_PROMISE(connection->code == 0 && code >= 200 && code < 600);
    connection->code = code;
    char part[64];
    uint64_t sent = 0;
    for (int i = 0; response->read && i < READS_MOST; i++) {
        ssize_t bytes = response->read(response->user, sent, part, sizeof part);
        FUZZ_PROMISE(bytes != 0 && bytes <= (ssize_t)sizeof part);
        if (bytes < 0)
            break;
        sent += (uint64_t)bytes;
    }
    if (response->json && !response->read && code != MHD_HTTP_NOT_MODIFIED) {
        json_t *state = json_loadb(response->data, response->bytes, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_PROMISE(json_is_object(state));
        json_decref(state);
    }
    return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *response) {
    if (response->end)
        response->end(response->user);
    free(response->data);
    free(response);
}

/* ---- the visitors, of whom there is one, and the system ---- */

visitors *__wrap_visitors_open(web_monitor *monitor);
void __wrap_visitors_close(visitors *all);
void __wrap_visitors_enter(visitors *all, visitor *one, visitor_phase phase);
void __wrap_visitors_progress(visitors *all, visitor *one, size_t bytes);
void __wrap_visitors_listen(visitors *all, visitor *one);
bool __wrap_visitor_has_ended(const visitor *one);

visitors *__wrap_visitors_open(web_monitor *monitor) { return (visitors *)monitor; }

void __wrap_visitors_close(visitors *all) { (void)all; }

void __wrap_visitors_enter(visitors *all, visitor *one, visitor_phase phase) { (void)all, (void)one, (void)phase; }

void __wrap_visitors_progress(visitors *all, visitor *one, size_t bytes) { (void)all, (void)one, (void)bytes; }

void __wrap_visitors_listen(visitors *all, visitor *one) { (void)all, (void)one; }

bool __wrap_visitor_has_ended(const visitor *one) {
    (void)one;
    return false;
}

static int uploads; /* files that are there */

FILE *__wrap_web_file_create(const char *path);
void __wrap_web_file_remove(const char *path);
FILE *__wrap_web_file_open(const char *path, unsigned long long *bytes, unsigned long long *version);

FILE *__wrap_web_file_create(const char *path) {
    FUZZ_PROMISE(strncmp(path, "folder/.upload-", 15) == 0);
    uploads++;
    return fopen("/dev/null", "wb");
}

void __wrap_web_file_remove(const char *path) {
    FUZZ_PROMISE(strncmp(path, "folder/.upload-", 15) == 0);
    uploads--;
}

FILE *__wrap_web_file_open(const char *path, unsigned long long *bytes, unsigned long long *version) {
    *bytes = 4;
    *version = 1;
    return strlen(path) % 2 ? fopen("/dev/zero", "rb") : NULL;
}

double __wrap_web_clock(void);
void __wrap_web_wait(web_monitor *monitor, double seconds);
bool __wrap_web_random(unsigned char *bytes, size_t count);
bool __wrap_web_listen(const char *address, int port, web_socket *made, bool *in_use, char reason[128]);

static double now = 1000;

double __wrap_web_clock(void) { return now; }

void __wrap_web_wait(web_monitor *monitor, double seconds) {
    (void)monitor;
    now += seconds > 0.01 ? seconds : 0.01;
}

bool __wrap_web_random(unsigned char *bytes, size_t count) {
    memset(bytes, 0xab, count);
    return true;
}

bool __wrap_web_listen(const char *address, int port, web_socket *made, bool *in_use, char reason[128]) {
    (void)in_use, (void)reason;
    *made = (web_socket){.handle = 3, .port = port ? port : 80, .loopback = strncmp(address, "127.", 4) == 0};
    return true;
}

/* ---- the service: what reaches it is clean ---- */

static char *copy(const char *text) {
    char *made = malloc(strlen(text) + 1);
    FUZZ_PROMISE(made);
    return strcpy(made, text);
}

static void check_clean(const char *text) {
    uint32_t code;
    for (size_t size; *text; text += size) {
        FUZZ_PROMISE((size = pst_character(text, &code)) > 0);
        FUZZ_PROMISE(code >= ' ' && (code < 0x7f || code >= 0xa0));
    }
}

static void check_call(const web_call *call) {
    FUZZ_PROMISE(call->parts >= 1 && call->parts <= 8);
    for (size_t i = 0; i < call->parts; i++) {
        const char *part = call->path[i];
        FUZZ_PROMISE(*part && !strchr(part, '/') && strcmp(part, ".") != 0 && strcmp(part, "..") != 0);
        check_clean(part);
    }
    const char *name = call->query(call, "name");
    if (name)
        check_clean(name);
}

/* The first letter of the path says how. */
static void give(void *user, const web_call *call, web_reply *reply) {
    (void)user;
    check_call(call);
    FUZZ_PROMISE(!call->upload == !(strcmp(call->method, "POST") == 0 && call->path[0][0] == 'u'));
    FUZZ_PROMISE(call->upload ? call->bytes <= UPLOAD_MOST && uploads == 1
                              : !call->body || strlen(call->body) == call->bytes);
    switch (call->path[0][0]) {
    case 'f':
        reply->file = copy(call->path[call->parts - 1]);
        reply->type = "image/png";
        break;
    case 'n':
        reply->code = 404;
        break;
    default:
        reply->text = copy("{}");
    }
    reply->keeps = call->parts % 2 == 0;
    if (call->parts > 2)
        reply->download = copy(call->path[2]);
    if (!reply->text)
        reply->type = "image/png";
}

static bool wants_upload(void *user, const web_call *call, const char **folder, unsigned long long *most) {
    (void)user;
    check_call(call);
    *folder = "folder";
    *most = UPLOAD_MOST;
    return call->path[0][0] == 'u';
}

static char *events(void *user, unsigned long long *seen) {
    (void)user;
    return (*seen)++ % 3 == 1 ? copy("event: queue\ndata: {}\n\n") : NULL;
}

/* ---- a page and a request ---- */

static web *open_page(bool loopback, bool painting, bool serves) {
    static const web_service service = {.answer = give, .wants_upload = wants_upload, .events = events};
    static const char *const styles[] = {"style\x1b.png"};
    char message[512];
    web *w = web_open(loopback ? NULL : "10.0.0.1", 0, serves ? &service : NULL, message);
    pst_image *image = NULL;
    FUZZ_PROMISE(w && pst_image_create(NULL, 3, 2, NULL, &image) == PST_OK);
    web_sources(w, image, (const pst_image *const *)&image, 1);
    const web_run run = {.content_name = "content\xff.png",
                         .style_names = styles,
                         .style_count = 1,
                         .output = "out",
                         .device = "device",
                         .network = "network",
                         .content_weight = 5,
                         .style_weight = 100,
                         .width = 3,
                         .height = 2,
                         .iterations = 10};
    if (painting) {
        const pst_progress progress = {
            .iteration = 2, .iterations = 10, .scale = 1, .scale_count = 1, .loss = 1, .best_loss = 1};
        web_begin(w, &run);
        web_evaluation(w, &progress);
        web_image(w, image);
        web_note(w, WEB_NOTE_OTHER, "a note");
    }
    pst_image_destroy(image);
    return w;
}

static void add(pairs *all, char *name, char separator) {
    char *value = strchr(name, separator);
    if (all->count == PAIRS_MOST)
        return;
    if (value)
        *value++ = '\0';
    while (value && separator == ':' && *value == ' ')
        value++;
    all->at[all->count++] = (pair){name, value};
}

static char *cut(char *text, char at) {
    char *next = text ? strchr(text, at) : NULL;
    if (next)
        *next++ = '\0';
    return next;
}

/* Without the zeros that the library would not let pass in a line. */
static void ask(web *w, char *text, size_t chunk) {
    struct MHD_Connection connection = {.code = 0};
    char *method = text, *headers = cut(text, '\n'), *url = cut(method, ' '), *query = cut(url, '?'), *body = NULL;
    void *state = NULL;
    while (headers && *headers) {
        char *next = cut(headers, '\n');
        if (!*headers || *headers == '\n')
            break;
        add(&connection.headers, headers, ':');
        if (next && *next == '\n') {
            body = next + 1;
            break;
        }
        headers = next;
    }
    while (query) {
        char *next = cut(query, '&');
        add(&connection.query, query, '=');
        query = next;
    }
    if (!url)
        return;
    size_t none = 0, length = body ? strlen(body) : 0;
    const char *host = MHD_lookup_connection_value(&connection, MHD_HEADER_KIND, "Host");
    const char *button = MHD_lookup_connection_value(&connection, MHD_HEADER_KIND, "X-Pastiche-Button");
    bool good = server.take(server.user, &connection, url, method, "HTTP/1.1", NULL, &none, &state) == MHD_YES;
    for (size_t at = 0; good && !connection.code && at < length;) {
        size_t part = length - at < chunk ? length - at : chunk, left = part;
        good = server.take(server.user, &connection, url, method, "HTTP/1.1", body + at, &left, &state) == MHD_YES;
        at += part - left;
        if (left == part)
            break;
    }
    if (good && !connection.code)
        good = server.take(server.user, &connection, url, method, "HTTP/1.1", NULL, &none, &state) == MHD_YES;
    FUZZ_PROMISE(!good || connection.code);
    bool secret = w->loopback || (*url == '/' && strncmp(url + 1, w->secret, WEB_SECRET) == 0);
    FUZZ_PROMISE(secret || connection.code >= 400);
    FUZZ_PROMISE(!w->loopback || host || connection.code >= 400);
    FUZZ_PROMISE(!w->has_wishes || (strcmp(method, "POST") == 0 && button && strcmp(button, w->button_secret) == 0));
    if (server.done)
        server.done(server.done_user, &connection, &state,
                    good ? MHD_REQUEST_TERMINATED_COMPLETED_OK : MHD_REQUEST_TERMINATED_WITH_ERROR);
    FUZZ_PROMISE(w->requests == 0 && w->lookers == 0 && uploads == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    web_wishes wishes;
    if (bytes < 1)
        return 0;
    web *w = open_page(!(data[0] & 1), !(data[0] & 2), data[0] & 0x80);
    char *text = malloc(bytes);
    FUZZ_PROMISE(text);
    memcpy(text, data + 1, bytes - 1);
    text[bytes - 1] = '\0';
    ask(w, text, 1 + (data[0] >> 2) % CHUNK_MOST);
    if (web_take(w, &wishes) && wishes.weights)
        FUZZ_PROMISE(wishes.content_weight >= 0 && wishes.content_weight <= 1e12 && wishes.style_weight >= 0 &&
                     wishes.style_weight <= 1e12 && wishes.tv_weight >= 0 && wishes.tv_weight <= 1e12);
    free(text);
    web_close(w);
    return 0;
}
