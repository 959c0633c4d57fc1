/* What the page's server wants of the system: a lock and a condition, a thread, a clock, true randomness, files, and
 * sockets. POSIX and Windows are in platform.c and platform_files.c alone. */
#ifndef PST_WEB_PLATFORM_H
#define PST_WEB_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct web_monitor web_monitor; /* a lock with one condition */

web_monitor *web_monitor_create(void); /* NULL: none to be had */
void web_monitor_destroy(web_monitor *monitor);
void web_lock(web_monitor *monitor);
void web_unlock(web_monitor *monitor);

/* Held before and after; returns after web_tell, or the time, or for no reason. */
void web_wait(web_monitor *monitor, double seconds);
void web_tell(web_monitor *monitor); /* all who wait */

typedef struct web_thread web_thread;

web_thread *web_thread_start(void (*run)(void *self), void *self); /* NULL: none to be had */
void web_thread_join(web_thread *thread);                          /* waits for its end */

/* Seconds that never go back. */
double web_clock(void);

/* Unguessable bytes; false: there are none. */
bool web_random(unsigned char *bytes, size_t count);

/* Paths are UTF-8. A file that is there is neither opened to be written nor replaced. NULL: see errno. */
FILE *web_file_create(const char *path);
void web_file_remove(const char *path);

/* An ordinary file to be read, with a number that is another one when it has been changed. NULL: there is none. */
FILE *web_file_open(const char *path, unsigned long long *bytes, unsigned long long *version);

typedef struct web_socket {
    long long handle;
    int port;      /* that it got */
    bool loopback; /* no other machine can reach it */
} web_socket;

/* Whether a numeric address is one of the loopback: 127.0.0.0/8, ::1, or the former written as IPv6. */
bool web_is_loopback(const char *address);

/* Listens on a numeric address, IPv4 or IPv6; port 0 takes any. On failure: false, a reason for people, and *in_use
 * tells whether another port might do. */
bool web_listen(const char *address, int port, web_socket *socket, bool *in_use, char reason[128]);
void web_unlisten(const web_socket *socket);

/* Ends a connection, whose socket stays to be closed. */
void web_hang_up(long long socket);

/* Whom a client's address (a struct sockaddr) belongs to: a machine's address, the network of an IPv6 address, or this
 * machine. Equal bytes are the same. */
typedef struct web_origin {
    unsigned char bytes[16];
} web_origin;
void web_origin_of(const void *address, web_origin *origin);

/* This machine's name, "localhost" where it has none. */
void web_host_name(char name[256]);

#endif
