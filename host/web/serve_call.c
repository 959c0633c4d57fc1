/* What is asked of the service: its path and query, its body in memory or in a file, and the answer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/serve.h"
#include "web/unescape.h"

enum { PARTS_MOST = 8, QUERIES_MOST = 16, PATH_MOST = 4096, KEY_BYTES = 16 };

struct service_call {
    web_call call; /* first: what the service gives back to find_query is this, too */
    char *parts[PARTS_MOST];
    struct {
        char *name, *value;
    } queries[QUERIES_MOST];
    size_t query_count;
    bool is_bad;
    char *upload; /* the path of its file; NULL: none */
    FILE *file;   /* while it is written */
    unsigned long long most, bytes;
};

static const char *find_query(const web_call *call, const char *name) {
    const service_call *c = (const service_call *)call;
    for (size_t i = 0; i < c->query_count; i++)
        if (strcmp(c->queries[i].name, name) == 0)
            return c->queries[i].value ? c->queries[i].value : "";
    return NULL;
}

static bool read_path(service_call *c, const char *path) {
    if (strlen(path) > PATH_MOST)
        return false;
    for (;; path++) {
        size_t length = strcspn(path, "/");
        char *part = c->call.parts < PARTS_MOST ? web_unescape(path, length) : NULL;
        if (!part)
            return false;
        c->parts[c->call.parts++] = part;
        if (!*part || strcmp(part, ".") == 0 || strcmp(part, "..") == 0 || strchr(part, '/'))
            return false;
        path += length;
        if (!*path)
            return true;
    }
}

static enum MHD_Result add_query(void *self, enum MHD_ValueKind kind, const char *name, const char *value) {
    service_call *c = self;
    (void)kind;
    char *clean_name = web_unescape(name, strlen(name)),
         *clean_value = value ? web_unescape(value, strlen(value)) : NULL;
    c->is_bad |= !clean_name || (value && !clean_value) || c->query_count == QUERIES_MOST;
    if (c->is_bad) {
        free(clean_name);
        free(clean_value);
        return MHD_NO;
    }
    c->queries[c->query_count].name = clean_name;
    c->queries[c->query_count++].value = clean_value;
    return MHD_YES;
}

static bool read_query(service_call *c, connection *from) {
    MHD_get_connection_values(from, MHD_GET_ARGUMENT_KIND, add_query, c);
    return !c->is_bad;
}

static void begin_upload(connection *from, request *r, const char *folder) {
    service_call *c = r->call;
    unsigned char key[KEY_BYTES];
    const char *length = request_header(from, "Content-Length");
    if (length && strtoull(length, NULL, 10) > c->most) {
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the file is too large");
        return;
    }
    size_t size = strlen(folder) + sizeof "/.upload-" + 2 * sizeof key;
    c->upload = malloc(size);
    if (!c->upload || !web_random(key, sizeof key)) {
        refuse(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory left");
        return;
    }
    char *to = c->upload + snprintf(c->upload, size, "%s/.upload-", folder);
    for (size_t i = 0; i < sizeof key; i++)
        to += sprintf(to, "%02x", key[i]);
    c->file = web_file_create(c->upload);
    if (c->file)
        return;
    free(c->upload);
    c->upload = NULL;
    refuse(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "the folder for uploads cannot be written");
}

void call_open(web *w, connection *from, request *r) {
    service_call *c = r->call = calloc(1, sizeof *c);
    const char *folder = NULL;
    if (!c) {
        refuse(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory left");
        return;
    }
    c->call = (web_call){.method = r->posts ? "POST" : "GET", .path = c->parts, .query = find_query};
    if (!read_path(c, r->path + strlen("api/")) || !read_query(c, from))
        refuse(r, MHD_HTTP_BAD_REQUEST, "the address is not well formed");
    else if (r->posts && w->service.wants_upload &&
             w->service.wants_upload(w->service.user, &c->call, &folder, &c->most))
        begin_upload(from, r, folder);
}

bool call_uploads(const service_call *call) { return call && call->file; }

/* Leaves no file behind that cannot be had whole. */
static void drop_upload(service_call *c) {
    if (c->file)
        fclose(c->file);
    if (c->upload)
        web_file_remove(c->upload);
    free(c->upload);
    c->file = NULL;
    c->upload = NULL;
}

static void refuse_unwritten(request *r) {
    bool full = errno == ENOSPC || errno == EFBIG
#ifdef EDQUOT
                || errno == EDQUOT
#endif
        ;
    refuse(r, full ? MHD_HTTP_INSUFFICIENT_STORAGE : MHD_HTTP_INTERNAL_SERVER_ERROR,
           full ? "the disk is full" : "the upload cannot be written");
    drop_upload(r->call);
}

void call_take(request *r, const char *data, size_t bytes) {
    service_call *c = r->call;
    if (bytes > c->most - c->bytes) {
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the file is too large");
        drop_upload(c);
        return;
    }
    errno = 0;
    if (fwrite(data, 1, bytes, c->file) != bytes)
        refuse_unwritten(r);
    c->bytes += bytes;
}

static void end_upload(request *r) {
    service_call *c = r->call;
    errno = 0;
    int failed = fclose(c->file);
    c->file = NULL;
    if (failed)
        refuse_unwritten(r);
    c->call.upload = c->upload;
    c->call.bytes = (size_t)c->bytes;
}

enum MHD_Result call_answer(web *w, connection *to, request *r) {
    web_call *call = &r->call->call;
    web_reply reply = {.code = MHD_HTTP_OK};
    if (r->call->file)
        end_upload(r);
    if (r->refusal)
        return answer_line(to, r, r->refusal, r->why);
    if (!call->upload) {
        call->body = r->body ? r->body : "";
        call->bytes = r->bytes;
    }
    w->service.answer(w->service.user, call, &reply);
    drop_upload(r->call);
    return reply_send(w, to, r, &reply);
}

void call_close(service_call *c) {
    if (!c)
        return;
    drop_upload(c);
    for (size_t i = 0; i < PARTS_MOST; i++)
        free(c->parts[i]);
    for (size_t i = 0; i < QUERIES_MOST; i++) {
        free(c->queries[i].name);
        free(c->queries[i].value);
    }
    free(c);
}
