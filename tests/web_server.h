/* A web server for tests, on the loopback alone: threads of the test's own process, answers as a table says. */
#ifndef PST_TESTS_WEB_SERVER_H
#define PST_TESTS_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct web_answer {
    const char *path;
    int code;            /* 0: 200 */
    const char *headers; /* further ones, "ETag: \"a\"\r\n"; NULL: none */
    const char *type;    /* NULL: application/octet-stream */
    const void *body;
    size_t bytes;
    bool ranges;  /* obeys Range, and If-Range where it names what is in `headers` */
    bool chunked; /* does not say how many bytes come */
    size_t cut;   /* the connection ends after so many bytes of the body; 0: never */
    size_t pause; /* after so many bytes of the body nothing comes for pause_ms; 0: never */
    int pause_ms;
} web_answer;

/* Starts it, once; the port. */
int web_start(void);

/* What is answered from now on; anything else is 404. The table is not copied. */
void web_set(const web_answer *answers, size_t count);

/* How many requests came since web_set, and the last one's text, to be copied under no lock: ask when nothing runs. */
unsigned web_requests(void);
const char *web_last(void);

#endif
