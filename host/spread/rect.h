/* A part of a map. */
#ifndef PST_SPREAD_RECT_H
#define PST_SPREAD_RECT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pst_rect {
    int y, x, h, w;
} pst_rect;

static inline size_t pst_rect_area(pst_rect r) { return (size_t)r.h * (size_t)r.w; }
static inline bool pst_rect_is_empty(pst_rect r) { return r.h <= 0 || r.w <= 0; }

/* What both have; empty if that is nothing. */
pst_rect pst_rect_common(pst_rect a, pst_rect b);

/* The least one around both; an empty one counts nothing. */
pst_rect pst_rect_around(pst_rect a, pst_rect b);

/* Does `outer` have all of `inner`? */
bool pst_rect_holds(pst_rect outer, pst_rect inner);

#endif
