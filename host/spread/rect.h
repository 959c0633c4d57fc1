/* A part of a map. */
#ifndef PST_SPREAD_RECT_H
#define PST_SPREAD_RECT_H

typedef struct pst_rect {
    int y, x, h, w;
} pst_rect;

#endif
