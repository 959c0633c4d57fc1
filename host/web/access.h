/* Who may do what. On the loopback any program of this machine may look, and no page of another site: a name that was
 * made to point here is not ours, and the state, which holds the secret that buttons need, cannot be read across sites.
 * From other machines one must know the secret in the URL. */
#ifndef PST_WEB_ACCESS_H
#define PST_WEB_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

/* The same time whatever differs; given may be NULL. */
bool access_same_secret(const char *secret, const char *given, size_t length);

/* Whether a Host header names this machine to itself: localhost or an address of the loopback, with any
 * port or none. */
bool access_is_loopback_name(const char *host);

/* The part of a path behind "/" and, where there is a secret, behind it and another "/". NULL: it is not there. "" for
 * the slash that is missing is told by *slash = false. */
const char *access_path(const char *secret, const char *path, bool *slash);

/* Whether a request comes from our own page, as far as browsers tell: each NULL where there is no such header. */
bool access_is_own_origin(const char *origin, const char *host);
bool access_is_own_site(const char *sec_fetch_site);

#endif
