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
/* clang-format off: the order matters */
#include <windows.h>
#include <winsock2.h>
#include <ws2tcpip.h>
/* clang-format on */
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

/* ---- the socket ---- */

typedef union any_address {
    struct sockaddr plain;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} any_address;

static bool read_address(const char *text, int port, any_address *address, socklen_t *size, bool *loopback) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->four.sin_addr) == 1) {
        address->four.sin_family = AF_INET;
        address->four.sin_port = htons((uint16_t)port);
        *size = sizeof address->four;
        *loopback = ntohl(address->four.sin_addr.s_addr) >> 24 == 127;
        return true;
    }
    if (inet_pton(AF_INET6, text, &address->six.sin6_addr) == 1) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons((uint16_t)port);
        *size = sizeof address->six;
        *loopback = IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr) != 0;
        return true;
    }
    return false;
}

bool web_listen(const char *text, int port, web_socket *made, bool *in_use, char reason[128]) {
    any_address address;
    socklen_t size;
    *in_use = false;
    start_network();
    if (!read_address(text, port, &address, &size, &made->loopback)) {
        snprintf(reason, 128, "it is not a numeric address such as 192.168.1.5 or 0.0.0.0");
        return false;
    }
    socket_handle handle = socket(address.plain.sa_family, SOCK_STREAM, 0);
    if (!is_open(handle)) {
        explain(last_error(), reason);
        return false;
    }
    prepare_socket(handle);
    if (bind(handle, &address.plain, size) != 0 || listen(handle, 16) != 0 ||
        getsockname(handle, &address.plain, &size) != 0) {
        *in_use = explain(last_error(), reason);
        close_socket(handle);
        return false;
    }
    made->handle = (long long)handle;
    made->port = ntohs(address.plain.sa_family == AF_INET ? address.four.sin_port : address.six.sin6_port);
    return true;
}

void web_unlisten(const web_socket *listener) { close_socket((socket_handle)listener->handle); }

void web_host_name(char name[256]) {
    if (gethostname(name, 256) != 0 || !*name)
        strcpy(name, "localhost");
    name[255] = '\0';
}
