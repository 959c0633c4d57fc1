/* What handlers answer with. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/studio/studio.h"
#include "package/printable.h"
#include "web/json.h"

enum { PROBLEM_MOST = 1024 };

void studio_reply(web_reply *reply, int code, json_t *root) {
    reply->text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
    reply->code = reply->text ? code : 500;
    json_decref(root);
}

void studio_refuse(web_reply *reply, int code, const char *format, ...) {
    char text[PROBLEM_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pst_make_printable(text, sizeof text);
    studio_reply(reply, code, json_pack("{s:o}", "error", web_json_text(text)));
}

void studio_unknown(const web_call *call, web_reply *reply) {
    if (strcmp(call->method, "GET") == 0)
        studio_refuse(reply, 404, "there is nothing here");
    else
        studio_refuse(reply, 405, "this cannot be asked for here");
}

bool studio_is(const web_call *call, const char *method, size_t parts) {
    return call->parts == parts && strcmp(call->method, method) == 0;
}

json_t *studio_body(const web_call *call, web_reply *reply) {
    json_error_t error;
    json_t *body =
        json_loadb(call->body ? call->body : "", call->body ? call->bytes : 0, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(body))
        return body;
    studio_refuse(reply, 400, "the body must be a JSON object%s%s", body ? "" : ": ", body ? "" : error.text);
    json_decref(body);
    return NULL;
}
