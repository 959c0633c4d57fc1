#define _POSIX_C_SOURCE 200809L

#include "web_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const web_answer *answers;
static size_t answer_count;
static unsigned requests;
static char last[8192];
static int listener = -1, port;

static bool put(int client, const void *data, size_t bytes) {
    const char *at = data;
    while (bytes > 0) {
        ssize_t sent = send(client, at, bytes, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static void nap(int ms) {
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

/* The value of a request's header, cut at the end of its line, or "". */
static const char *header(const char *request, const char *name, char value[512]) {
    const char *at = strstr(request, name);
    value[0] = 0;
    if (at)
        snprintf(value, 512, "%.*s", (int)strcspn(at + strlen(name), "\r\n"), at + strlen(name));
    return value;
}

static bool put_body(int client, const web_answer *a, size_t from) {
    char size[32];
    for (size_t at = from; at < a->bytes;) {
        size_t count = a->bytes - at < 4096 ? a->bytes - at : 4096;
        if (a->cut && at < a->cut && at + count > a->cut)
            count = a->cut - at;
        if (a->pause && at < a->pause && at + count > a->pause)
            count = a->pause - at;
        int length = snprintf(size, sizeof size, "%zx\r\n", count);
        if (a->chunked && !put(client, size, (size_t)length))
            return false;
        if (!put(client, (const char *)a->body + at, count) || (a->chunked && !put(client, "\r\n", 2)))
            return false;
        at += count;
        if (a->cut && at == a->cut)
            return false;
        if (a->pause && at == a->pause)
            nap(a->pause_ms);
    }
    return !a->chunked || put(client, "0\r\n\r\n", 5);
}

static void answer(int client, const char *request) {
    char path[1024] = "", range[512], validator[512], head[2048];
    web_answer none = {.code = 404, .type = "text/html", .body = "<html>gone</html>", .bytes = 17}, a = none;
    sscanf(request, "GET %1023s", path);
    const char *wanted = strncmp(path, "http://", 7) == 0 ? strchr(path + 7, '/') : path; /* as a proxy is asked */
    pthread_mutex_lock(&lock);
    requests++;
    snprintf(last, sizeof last, "%s", request);
    for (size_t i = 0; i < answer_count; i++)
        if (wanted && strcmp(answers[i].path, wanted) == 0)
            a = answers[i];
    pthread_mutex_unlock(&lock);

    size_t from = 0;
    int code = a.code ? a.code : 200;
    header(request, "\r\nRange: bytes=", range);
    header(request, "\r\nIf-Range: ", validator);
    if (a.ranges && *range && (!*validator || (a.headers && strstr(a.headers, validator)))) {
        from = (size_t)strtoull(range, NULL, 10);
        code = from < a.bytes ? 206 : 416;
    }
    int length = snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: %s\r\n%s", code,
                          "as asked", a.type ? a.type : "application/octet-stream", a.headers ? a.headers : "");
    if (code == 206)
        length += snprintf(head + length, sizeof head - (size_t)length, "Content-Range: bytes %zu-%zu/%zu\r\n", from,
                           a.bytes - 1, a.bytes);
    if (code == 416)
        length += snprintf(head + length, sizeof head - (size_t)length,
                           "Content-Range: bytes */%zu\r\nContent-Length: 0\r\n", a.bytes);
    else if (a.chunked)
        length += snprintf(head + length, sizeof head - (size_t)length, "Transfer-Encoding: chunked\r\n");
    else
        length += snprintf(head + length, sizeof head - (size_t)length, "Content-Length: %zu\r\n", a.bytes - from);
    length += snprintf(head + length, sizeof head - (size_t)length, "\r\n");
    if (put(client, head, (size_t)length) && code != 416)
        put_body(client, &a, from);
}

static void *serve(void *argument) {
    static _Thread_local char request[8192];
    int client = (int)(long)argument;
    size_t length = 0;
    while (length < sizeof request - 1) {
        ssize_t got = recv(client, request + length, sizeof request - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
        request[length] = 0;
        if (strstr(request, "\r\n\r\n")) {
            answer(client, request);
            break;
        }
    }
    shutdown(client, SHUT_WR);
    close(client);
    return NULL;
}

static void *listen_on(void *argument) {
    (void)argument;
    for (;;) {
        pthread_t thread;
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        if (pthread_create(&thread, NULL, serve, (void *)(long)client) == 0)
            pthread_detach(thread);
        else
            close(client);
    }
    return NULL;
}

int web_start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    if (port)
        return port;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&thread, NULL, listen_on, NULL), 0);
    pthread_detach(thread);
    return port;
}

void web_set(const web_answer *table, size_t count) {
    pthread_mutex_lock(&lock);
    answers = table;
    answer_count = count;
    requests = 0;
    last[0] = 0;
    pthread_mutex_unlock(&lock);
}

unsigned web_requests(void) {
    pthread_mutex_lock(&lock);
    unsigned count = requests;
    pthread_mutex_unlock(&lock);
    return count;
}

const char *web_last(void) { return last; }
