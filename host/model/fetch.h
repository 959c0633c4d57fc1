/* One download into a part of a file, by libcurl. */
#ifndef PST_MODEL_FETCH_H
#define PST_MODEL_FETCH_H

#include "base/partial.h"

/* False in a build without libcurl, where pst_fetch_url is PST_ERROR_UNSUPPORTED. */
bool pst_fetch_available(void);

typedef struct pst_fetch_request {
    const char *url;
    pst_partial *part;     /* is gone on with, or cut and begun again when the server sends all of it */
    const char *validator; /* of what is in the part: an ETag or a date, sent as If-Range. "": go on whatever it is */
    uint64_t bytes;        /* that the whole file must have; 0: not known */
    const char *format;    /* see pst_head_problem */
    double stall_seconds;
    /* The body of a whole file begins: the part is empty, and what comes from now on belongs to this validator ("":
     * none). */
    pst_status (*begun)(void *user, const char *validator);
    bool (*tell)(void *user, uint64_t done, uint64_t total); /* returns true to stop; total 0: not known */
    void *user;
} pst_fetch_request;

typedef struct pst_fetch_answer {
    bool resumed;   /* the part's bytes were used */
    bool useless;   /* the server has nothing behind what the part holds: it is whole, or not of this file */
    bool elsewhere; /* after a failure: another place may do better */
} pst_fetch_answer;

/* PST_OK when all came that the server announced. What came before a failure is in the part. PST_STOPPED as `tell`
 * asks. */
pst_status pst_fetch_url(pst_error *error, const pst_fetch_request *request, pst_fetch_answer *answer);

#endif
