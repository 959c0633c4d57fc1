/* The service's answer on its way: from memory or from a file, and not at all where the browser has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/serve.h"
#include "web/unescape.h"

enum { BLOCK_BYTES = 65536, TAG_BYTES = 64 };

typedef struct sending {
    web *web;
    visitor *to;
    FILE *file;
} sending;

/* More is wanted when what was read before has gone. */
static ssize_t read_file(void *self, uint64_t position, char *to, size_t most) {
    sending *s = self;
    (void)position;
    size_t bytes = fread(to, 1, most, s->file);
    visitors_progress(s->web->visitors, s->to, bytes);
    return bytes ? (ssize_t)bytes : MHD_CONTENT_READER_END_WITH_ERROR; /* it has become shorter */
}

static void end_file(void *self) {
    sending *s = self;
    fclose(s->file);
    free(s);
}

static struct MHD_Response *of_file(web *w, connection *to, FILE *file, unsigned long long bytes) {
    sending *s = malloc(sizeof *s);
    struct MHD_Response *made = NULL;
    if (s) {
        *s = (sending){w, request_visitor(to), file};
        made = MHD_create_response_from_callback(bytes, BLOCK_BYTES, read_file, s, end_file);
    }
    if (!made) {
        fclose(file);
        free(s);
    }
    return made;
}

static struct MHD_Response *of_text(web_reply *reply) {
    struct MHD_Response *made = MHD_create_response_from_buffer(
        reply->bytes, reply->text ? reply->text : "", reply->text ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (made)
        reply->text = NULL;
    return made;
}

static unsigned long long hash(const char *text, size_t bytes) {
    unsigned long long made = 14695981039346656037ull;
    for (size_t i = 0; i < bytes; i++)
        made = (made ^ (unsigned char)text[i]) * 1099511628211ull;
    return made;
}

static bool has_it(connection *from, const char *tag) {
    const char *had = request_header(from, "If-None-Match");
    return had && strstr(had, tag);
}

static enum MHD_Result give(web *w, connection *to, const request *r, web_reply *reply) {
    FILE *file = NULL;
    unsigned long long bytes = 0, version;
    char tag[TAG_BYTES];
    if (reply->file && !(file = web_file_open(reply->file, &bytes, &version)))
        return answer_not_found(to, r);
    if (!file) {
        if (!reply->text)
            reply->bytes = 0;
        else if (!reply->bytes)
            reply->bytes = strlen(reply->text);
        bytes = reply->bytes;
        version = reply->keeps ? hash(reply->text ? reply->text : "", reply->bytes) : 0;
    }
    unsigned code = reply->code >= 200 && reply->code < 600 ? (unsigned)reply->code : MHD_HTTP_INTERNAL_SERVER_ERROR;
    bool keeps = reply->keeps && code == MHD_HTTP_OK;
    snprintf(tag, sizeof tag, "\"%llx-%llx\"", bytes, version);
    struct MHD_Response *made;
    if (keeps && has_it(to, tag)) {
        code = MHD_HTTP_NOT_MODIFIED;
        made = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
        if (file)
            fclose(file);
    } else {
        made = file ? of_file(w, to, file, bytes) : of_text(reply);
    }
    char *disposition = made && reply->download ? web_disposition(reply->download) : NULL;
    if (made && keeps)
        MHD_add_response_header(made, "ETag", tag);
    if (disposition)
        MHD_add_response_header(made, "Content-Disposition", disposition);
    free(disposition);
    return answer_with(to, code, made, reply->type ? reply->type : "application/json",
                       keeps ? CACHE_ASKS : CACHE_NEVER);
}

enum MHD_Result reply_send(web *w, connection *to, const request *r, web_reply *reply) {
    enum MHD_Result result = give(w, to, r, reply);
    free(reply->text);
    free(reply->file);
    free(reply->download);
    return result;
}
