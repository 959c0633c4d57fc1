#define _POSIX_C_SOURCE 200809L

#include "web_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int page_port;
char page_prefix[64];  /* "/", or "/SECRET/" */
char page_heads[4096]; /* of the last answer */
char page_body[1 << 20];
size_t page_bytes;

void page_nap(int ms) { nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL); }

int page_dial(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)page_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(connection, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    close(connection);
    return -1;
}

int page_exchange(const char *text, size_t bytes) {
    static char answer[sizeof page_heads + sizeof page_body];
    size_t length = 0;
    ssize_t got;
    int code = 0, connection = page_dial();
    page_heads[0] = page_body[0] = '\0';
    page_bytes = 0;
    if (connection < 0)
        return 0;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 40}, sizeof(struct timeval));
    if (send(connection, text, bytes, MSG_NOSIGNAL) == (ssize_t)bytes)
        while (length < sizeof answer - 1 &&
               (got = recv(connection, answer + length, sizeof answer - 1 - length, 0)) > 0)
            length += (size_t)got;
    close(connection);
    answer[length] = '\0';
    char *end = strstr(answer, "\r\n\r\n");
    if (!end || sscanf(answer, "HTTP/1.1 %d", &code) != 1)
        return 0;
    *end = '\0';
    size_t head_bytes = (size_t)(end - answer);
    ck_assert_uint_lt(head_bytes, sizeof page_heads);
    memcpy(page_heads, answer, head_bytes + 1);
    page_bytes = length - (size_t)(end + 4 - answer);
    memcpy(page_body, end + 4, page_bytes);
    page_body[page_bytes] = '\0';
    return code;
}

int page_request(const char *method, const char *path, const char *headers, const char *content) {
    char text[8192];
    bool host = strstr(headers, "Host:") != NULL;
    int length = snprintf(text, sizeof text, "%s %s%s HTTP/1.1\r\nConnection: close\r\n%s%s", method, page_prefix, path,
                          host ? "" : "Host: 127.0.0.1\r\n", headers);
    if (content)
        length += snprintf(text + length, sizeof text - (size_t)length, "Content-Length: %zu\r\n\r\n%s",
                           strlen(content), content);
    else
        length += snprintf(text + length, sizeof text - (size_t)length, "\r\n");
    ck_assert_int_lt(length, (int)sizeof text);
    return page_exchange(text, (size_t)length);
}

int page_get(const char *path) { return page_request("GET", path, "", NULL); }

json_t *page_state(const char *query) {
    char path[256];
    json_error_t error;
    snprintf(path, sizeof path, "state%s", query);
    ck_assert_int_eq(page_get(path), 200);
    json_t *state = json_loads(page_body, 0, &error);
    ck_assert_msg(state != NULL, "%s: %s", error.text, page_body);
    return state;
}

int state_number(const json_t *state, const char *name) {
    const json_t *value = json_object_get(state, name);
    ck_assert_msg(json_is_integer(value), "no number %s", name);
    return (int)json_integer_value(value);
}

const char *state_text(const json_t *state, const char *name) {
    const char *value = json_string_value(json_object_get(state, name));
    ck_assert_msg(value != NULL, "no text %s", name);
    return value;
}

char page_button[128];

int page_press(const char *name, const char *content) { return page_request("POST", name, page_button, content); }

pid_t page_open(const char *command) {
    cli_forget(".err");
    pid_t child = start(command);
    for (int i = 0; i < 400; i++) {
        read_whole(test_path(".err"), said, sizeof said);
        if (strstr(said, "no web server")) {
            ck_assert_int_eq(wait_for(child), 1);
            ck_assert_ptr_nonnull(strstr(said, "libmicrohttpd-dev"));
            exit(TEST_SKIPPED);
        }
        const char *url = strstr(said, "see it grow: http://"), *slash = url ? strchr(url + 20, '/') : NULL;
        if (slash && strchr(slash, '\n')) {
            const char *colon = slash;
            while (*colon != ':')
                colon--;
            page_port = atoi(colon + 1);
            snprintf(page_prefix, sizeof page_prefix, "%.*s", (int)strcspn(slash, "\n"), slash);
            return child;
        }
        page_nap(25);
    }
    ck_abort_msg("no page: %.900s", said);
    return child;
}

json_t *page_when(bool (*is_so)(const json_t *state, int number), int number, bool look) {
    char query[64] = "";
    time_t begun = time(NULL);
    while (time(NULL) < begun + 100) {
        json_t *state = page_state(query);
        snprintf(page_button, sizeof page_button, "X-Pastiche-Button: %s\r\n", state_text(state, "button"));
        if (is_so(state, number))
            return state;
        snprintf(query, sizeof query, "?version=%d&look=%d", state_number(state, "version"), look);
        json_decref(state);
    }
    ck_abort_msg("what was waited for never came, %d", number);
    return NULL;
}

static bool has_iteration(const json_t *state, int iteration) {
    return state_number(state, "run") > 0 && state_number(state, "iteration") >= iteration;
}

json_t *page_await(int iteration, bool look) { return page_when(has_iteration, iteration, look); }
