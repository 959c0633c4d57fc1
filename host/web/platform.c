#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#define _CRT_RAND_S

#include "web/platform.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <winsock2.h> /* and windows.h, which must not come before it */
#include <ws2tcpip.h>
#define BOTH_WAYS SD_BOTH
typedef SOCKET socket_handle;
#else
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#define BOTH_WAYS SHUT_RDWR
typedef int socket_handle;
#endif

/* ---- the lock, the clock, randomness ---- */

#if defined(_WIN32)
struct web_monitor {
    SRWLOCK lock;
    CONDITION_VARIABLE condition;
};

web_monitor *web_monitor_create(void) { return calloc(1, sizeof(web_monitor)); /* zero is how both begin */ }

void web_monitor_destroy(web_monitor *monitor) { free(monitor); }
void web_lock(web_monitor *monitor) { AcquireSRWLockExclusive(&monitor->lock); }
void web_unlock(web_monitor *monitor) { ReleaseSRWLockExclusive(&monitor->lock); }
void web_tell(web_monitor *monitor) { WakeAllConditionVariable(&monitor->condition); }

void web_wait(web_monitor *monitor, double seconds) {
    SleepConditionVariableSRW(&monitor->condition, &monitor->lock, (DWORD)(seconds * 1000), 0);
}

struct web_thread {
    HANDLE handle;
    void (*run)(void *self);
    void *self;
};

static DWORD WINAPI run_thread(void *thread) {
    web_thread *t = thread;
    t->run(t->self);
    return 0;
}

static bool begin(web_thread *t) { return (t->handle = CreateThread(NULL, 0, run_thread, t, 0, NULL)) != NULL; }

static void await(web_thread *t) {
    WaitForSingleObject(t->handle, INFINITE);
    CloseHandle(t->handle);
}

double web_clock(void) {
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return (double)ticks.QuadPart / (double)frequency.QuadPart;
}

bool web_random(unsigned char *bytes, size_t count) {
    unsigned value;
    for (size_t i = 0; i < count; i++) {
        if (rand_s(&value) != 0)
            return false;
        bytes[i] = (unsigned char)(value >> 13);
    }
    return true;
}

static int last_error(void) { return WSAGetLastError(); }
static void close_socket(socket_handle handle) { closesocket(handle); }
static bool is_open(socket_handle handle) { return handle != INVALID_SOCKET; }

static void start_network(void) {
    WSADATA about;
    WSAStartup(MAKEWORD(2, 2), &about);
}

static void prepare_socket(socket_handle handle) {
    BOOL yes = TRUE;
    setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&yes, sizeof yes);
}

static bool explain(int code, char reason[128]) {
    snprintf(reason, 128,
             code == WSAEADDRINUSE ? "it is in use"
             : code == WSAEACCES   ? "it is not allowed"
                                   : "error %d",
             code);
    return code == WSAEADDRINUSE || code == WSAEACCES;
}
#else
struct web_monitor {
    pthread_mutex_t lock;
    pthread_cond_t condition;
};

web_monitor *web_monitor_create(void) {
    web_monitor *monitor = malloc(sizeof *monitor);
    if (monitor) {
        pthread_mutex_init(&monitor->lock, NULL);
        pthread_cond_init(&monitor->condition, NULL);
    }
    return monitor;
}

void web_monitor_destroy(web_monitor *monitor) {
    if (!monitor)
        return;
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->lock);
    free(monitor);
}

void web_lock(web_monitor *monitor) { pthread_mutex_lock(&monitor->lock); }
void web_unlock(web_monitor *monitor) { pthread_mutex_unlock(&monitor->lock); }
void web_tell(web_monitor *monitor) { pthread_cond_broadcast(&monitor->condition); }

/* By the clock of the day, which every system's conditions know; should it be set meanwhile, the wait is shorter or
 * longer. */
void web_wait(web_monitor *monitor, double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t nanoseconds = until.tv_nsec + (int64_t)(seconds * 1e9);
    until.tv_sec += (time_t)(nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_cond_timedwait(&monitor->condition, &monitor->lock, &until);
}

struct web_thread {
    pthread_t handle;
    void (*run)(void *self);
    void *self;
};

static void *run_thread(void *thread) {
    web_thread *t = thread;
    t->run(t->self);
    return NULL;
}

static bool begin(web_thread *t) { return pthread_create(&t->handle, NULL, run_thread, t) == 0; }
static void await(web_thread *t) { pthread_join(t->handle, NULL); }

double web_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool web_random(unsigned char *bytes, size_t count) {
    FILE *source = fopen("/dev/urandom", "rb");
    bool good = source && fread(bytes, 1, count, source) == count;
    if (source)
        fclose(source);
    return good;
}

static int last_error(void) { return errno; }
static void close_socket(socket_handle handle) { close(handle); }
static bool is_open(socket_handle handle) { return handle >= 0; }
static void start_network(void) {}

/* A port whose last connections are still fading away can be had again; one that is listened on cannot. */
static void prepare_socket(socket_handle handle) {
    int yes = 1;
    setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    fcntl(handle, F_SETFD, FD_CLOEXEC);
}

static bool explain(int code, char reason[128]) {
    const char *text = code == EADDRINUSE      ? "it is in use"
                       : code == EACCES        ? "ports below 1024 are not for everyone"
                       : code == EADDRNOTAVAIL ? "this machine has no such address"
                                               : strerror(code);
    snprintf(reason, 128, "%s", text);
    return code == EADDRINUSE;
}
#endif

/* ---- the thread ---- */

web_thread *web_thread_start(void (*run)(void *self), void *self) {
    web_thread *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    t->run = run;
    t->self = self;
    if (begin(t))
        return t;
    free(t);
    return NULL;
}

void web_thread_join(web_thread *t) {
    await(t);
    free(t);
}

/* ---- addresses ---- */

typedef union any_address {
    struct sockaddr plain;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} any_address;

static bool read_address(const char *text, any_address *address, socklen_t *size) {
    memset(address, 0, sizeof *address);
    bool four = inet_pton(AF_INET, text, &address->four.sin_addr) == 1;
    if (!four && inet_pton(AF_INET6, text, &address->six.sin6_addr) != 1)
        return false;
    *size = four ? sizeof address->four : sizeof address->six;
    address->plain.sa_family = four ? AF_INET : AF_INET6;
    return true;
}

/* Before an IPv4 address that is written as IPv6. */
static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* All addresses as IPv6. */
static void write_six(const any_address *address, unsigned char bytes[16]) {
    if (address->plain.sa_family == AF_INET) {
        memcpy(bytes, mapped, sizeof mapped);
        memcpy(bytes + sizeof mapped, &address->four.sin_addr, 4);
    } else {
        memcpy(bytes, &address->six.sin6_addr, 16);
    }
}

static bool is_mapped(const unsigned char bytes[16]) { return memcmp(bytes, mapped, sizeof mapped) == 0; }

static bool is_loopback(const any_address *address) {
    unsigned char bytes[16];
    write_six(address, bytes);
    return is_mapped(bytes) ? bytes[12] == 127 : memcmp(bytes, (unsigned char[16]){[15] = 1}, 16) == 0;
}

bool web_is_loopback(const char *text) {
    any_address address;
    socklen_t size;
    return read_address(text, &address, &size) && is_loopback(&address);
}

void web_origin_of(const void *client, web_origin *origin) {
    any_address address = {.plain.sa_family = ((const struct sockaddr *)client)->sa_family};
    memcpy(&address, client, address.plain.sa_family == AF_INET ? sizeof address.four : sizeof address.six);
    write_six(&address, origin->bytes);
    if (is_loopback(&address))
        memset(origin->bytes, 0, 16);
    else if (!is_mapped(origin->bytes))
        memset(origin->bytes + 8, 0, 8); /* who has one address of a network has all of them */
}

/* ---- sockets ---- */

bool web_listen(const char *text, int port, web_socket *made, bool *in_use, char reason[128]) {
    any_address address;
    socklen_t size;
    *in_use = false;
    start_network();
    if (!read_address(text, &address, &size)) {
        snprintf(reason, 128, "it is not a numeric address such as 192.168.1.5 or 0.0.0.0");
        return false;
    }
    made->loopback = is_loopback(&address);
    uint16_t *at = address.plain.sa_family == AF_INET ? &address.four.sin_port : &address.six.sin6_port;
    *at = htons((uint16_t)port);
    socket_handle handle = socket(address.plain.sa_family, SOCK_STREAM, 0);
    if (!is_open(handle)) {
        explain(last_error(), reason);
        return false;
    }
    prepare_socket(handle);
    if (bind(handle, &address.plain, size) != 0 || listen(handle, SOMAXCONN) != 0 ||
        getsockname(handle, &address.plain, &size) != 0) {
        *in_use = explain(last_error(), reason);
        close_socket(handle);
        return false;
    }
    made->handle = (long long)handle;
    made->port = ntohs(*at);
    return true;
}

void web_hang_up(long long socket) { shutdown((socket_handle)socket, BOTH_WAYS); }

void web_unlisten(const web_socket *listener) { close_socket((socket_handle)listener->handle); }

void web_host_name(char name[256]) {
    if (gethostname(name, 256) != 0 || !*name)
        strcpy(name, "localhost");
    name[255] = '\0';
}
