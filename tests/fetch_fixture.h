/* What the tests of fetching share: a network and its checksums, a catalogue that names the loopback's server, a data
 * folder. */
#ifndef PST_TESTS_FETCH_FIXTURE_H
#define PST_TESTS_FETCH_FIXTURE_H

#include "support.h"
#include "web_server.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define TAGGED "ETag: \"one\"\r\n"

extern uint8_t *body, *other, *broken; /* the network; another one; the first with one bit turned */
extern size_t bytes, other_bytes;      /* of body and broken; of other */
extern char sha256[65], md5[65];       /* of body */
extern pst_catalogue
    *catalogue; /* "whole", "prefix", "five", "unknown" and "mirrored", at /whole and so on, to be "whole.net" ... */
extern pst_fetch_report report; /* of the last fetch */

/* Makes all of it, in the environment too, and starts the server. */
void fetch_prepare(void);

/* A path in the data folder. */
const char *data(const char *name);
bool exists(const char *path);
size_t size_of(const char *path);

void ck_holds(const char *path, const uint8_t *wanted, size_t count);

/* Nothing of a name is left in the data folder: not the file, not a part. */
void ck_nothing(const char *name);
void forget(const char *name);

/* The server's address of a path. */
const char *url(const char *path);

pst_status fetch_with(pst_fetch_options *options, pst_fetch_callback callback, void *user);
pst_status fetch(const char *what);

/* The network came, as `report` says. */
void ck_fetched(const char *what, pst_fetch_check check);

/* It fails so, and says both words. */
void ck_failed(const char *what, pst_status wanted, const char *word, const char *more);

#endif
