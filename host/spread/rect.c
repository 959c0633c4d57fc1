#include "spread/rect.h"

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

pst_rect pst_rect_common(pst_rect a, pst_rect b) {
    const int y = most(a.y, b.y), x = most(a.x, b.x);
    const pst_rect common = {y, x, least(a.y + a.h, b.y + b.h) - y, least(a.x + a.w, b.x + b.w) - x};
    if (pst_rect_is_empty(common))
        return (pst_rect){0};
    return common;
}

pst_rect pst_rect_around(pst_rect a, pst_rect b) {
    if (pst_rect_is_empty(a))
        return b;
    if (pst_rect_is_empty(b))
        return a;
    const int y = least(a.y, b.y), x = least(a.x, b.x);
    return (pst_rect){y, x, most(a.y + a.h, b.y + b.h) - y, most(a.x + a.w, b.x + b.w) - x};
}

bool pst_rect_holds(pst_rect outer, pst_rect inner) {
    return inner.y >= outer.y && inner.x >= outer.x && inner.y + inner.h <= outer.y + outer.h &&
           inner.x + inner.w <= outer.x + outer.w;
}
