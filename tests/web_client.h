/* A browser's part, for tests of the live page: it starts the program and speaks HTTP to it. */
#ifndef PST_TESTS_WEB_CLIENT_H
#define PST_TESTS_WEB_CLIENT_H

#include <jansson.h>

#include "cli_fixture.h"

extern int page_port;                             /* of the program that was started last */
extern char page_prefix[64];                      /* "/", or "/SECRET/" */
extern char page_button[128];                     /* the header that buttons need, after page_await */
extern char page_heads[4096], page_body[1 << 20]; /* of the last answer */
extern size_t page_bytes;

/* Starts the program and finds out where its page is. Ends the test with TEST_SKIPPED where the program has no server.
 */
pid_t page_open(const char *command);

/* A connection, or -1. */
int page_dial(void);

/* Sends bytes as they are; the answer's code, 0: none came. */
int page_exchange(const char *text, size_t bytes);

/* path: behind the prefix. headers: further lines, each with its end; without a Host among them it is ours. content:
 * NULL is none. */
int page_request(const char *method, const char *path, const char *headers, const char *content);
int page_get(const char *path);
int page_press(const char *name, const char *content); /* POST, with the header for buttons */

/* The state, which the caller gives back to jansson; query: "" or "?look=1". A member that must be there. */
json_t *page_state(const char *query);
int state_number(const json_t *state, const char *name);
const char *state_text(const json_t *state, const char *name);

/* Waits until a state is so, and has page_button from it; look: as somebody who looks. */
json_t *page_when(bool (*is_so)(const json_t *state, int number), int number, bool look);
json_t *page_await(int iteration, bool look);

void page_nap(int ms);

#endif
