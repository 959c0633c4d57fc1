/* The losses of a run, few enough to be drawn: every evaluation at first, then every 2nd, 4th ... */
#ifndef PST_WEB_CURVE_H
#define PST_WEB_CURVE_H

#include <stddef.h>

#include <jansson.h>

enum { WEB_POINTS_MOST = 2048, WEB_TERMS_MOST = 48 };

typedef struct web_point {
    int iteration;
    double loss, terms[WEB_TERMS_MOST];
} web_point;

typedef struct web_curve {
    web_point *points; /* NULL: no memory for them; then none are kept */
    size_t count, term_count;
    int stride;     /* from one point to the next, in iterations */
    unsigned epoch; /* another one whenever points that were there are not any more */
} web_curve;

void web_curve_clear(web_curve *curve, size_t term_count);
void web_curve_free(web_curve *curve);
void web_curve_add(web_curve *curve, const web_point *point);

/* [[iteration, loss, term, ...], ...] from that point on. */
json_t *web_curve_json(const web_curve *curve, size_t from);

#endif
