#include <stdio.h>
#include <string.h>

#include "web/serve.h"

const char *request_header(connection *from, const char *name) {
    return MHD_lookup_connection_value(from, MHD_HEADER_KIND, name);
}

visitor *request_visitor(connection *from) {
    return MHD_get_connection_info(from, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

enum MHD_Result answer_with(connection *to, unsigned code, struct MHD_Response *response, const char *type,
                            const char *cache) {
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
    };
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Cache-Control", cache);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
    enum MHD_Result result = MHD_queue_response(to, code, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answer_bytes(connection *to, unsigned code, const char *type, const void *text, size_t bytes,
                             bool constant) {
    struct MHD_Response *response = MHD_create_response_from_buffer(
        bytes, (void *)(size_t)text, constant ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
    return answer_with(to, code, response, type, CACHE_NEVER);
}

enum MHD_Result answer_line(connection *to, const request *r, unsigned code, const char *line) {
    char text[256];
    snprintf(text, sizeof text, r->is_api ? "{\"error\": \"%s\"}\n" : "%s\n", line);
    return answer_bytes(to, code, r->is_api ? "application/json" : "text/plain; charset=utf-8", text, strlen(text),
                        false);
}

enum MHD_Result answer_not_found(connection *to, const request *r) {
    return answer_line(to, r, MHD_HTTP_NOT_FOUND, "not found");
}
