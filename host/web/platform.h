/* What the page's server wants of the system: a lock and a condition, a clock, true randomness, and a listening socket.
 * POSIX and Windows are in system.c alone. */
#ifndef PST_WEB_PLATFORM_H
#define PST_WEB_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct web_monitor web_monitor; /* a lock with one condition */

web_monitor *web_monitor_create(void); /* NULL: none to be had */
void web_monitor_destroy(web_monitor *monitor);
void web_lock(web_monitor *monitor);
void web_unlock(web_monitor *monitor);

/* Held before and after; returns after web_tell, or the time, or for no reason. */
void web_wait(web_monitor *monitor, double seconds);
void web_tell(web_monitor *monitor); /* all who wait */

/* Seconds that never go back. */
double web_clock(void);

/* Unguessable bytes; false: there are none. */
bool web_random(unsigned char *bytes, size_t count);

typedef struct web_socket {
    long long handle;
    int port;      /* that it got */
    bool loopback; /* no other machine can reach it */
} web_socket;

/* Listens on a numeric address, IPv4 or IPv6; port 0 takes any. On failure: false, a reason for people, and *in_use
 * tells whether another port might do. */
bool web_listen(const char *address, int port, web_socket *socket, bool *in_use, char reason[128]);
void web_unlisten(const web_socket *socket);

/* This machine's name, "localhost" where it has none. */
void web_host_name(char name[256]);

#endif
