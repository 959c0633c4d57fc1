#include "web/curve.h"

#include <stdlib.h>

#include "web/json.h"

void web_curve_clear(web_curve *curve, size_t term_count) {
    if (!curve->points)
        curve->points = malloc(WEB_POINTS_MOST * sizeof *curve->points);
    curve->count = 0;
    curve->stride = 1;
    curve->term_count = term_count < WEB_TERMS_MOST ? term_count : WEB_TERMS_MOST;
    curve->epoch++;
}

void web_curve_free(web_curve *curve) {
    free(curve->points);
    curve->points = NULL;
}

static void thin_out(web_curve *curve) {
    curve->stride *= 2;
    curve->epoch++;
    size_t kept = 0;
    for (size_t i = 0; i < curve->count; i++)
        if ((curve->points[i].iteration - 1) % curve->stride == 0)
            curve->points[kept++] = curve->points[i];
    curve->count = kept;
}

void web_curve_add(web_curve *curve, const web_point *point) {
    if (!curve->points || (point->iteration - 1) % curve->stride != 0)
        return;
    if (curve->count == WEB_POINTS_MOST)
        thin_out(curve);
    if ((point->iteration - 1) % curve->stride == 0)
        curve->points[curve->count++] = *point;
}

json_t *web_curve_json(const web_curve *curve, size_t from) {
    json_t *made = json_array();
    for (size_t i = from; i < curve->count; i++) {
        const web_point *point = &curve->points[i];
        json_t *numbers = json_pack("[i, o]", point->iteration, web_json_number(point->loss, 5));
        for (size_t t = 0; t < curve->term_count; t++)
            json_array_append_new(numbers, web_json_number(point->terms[t], 5));
        json_array_append_new(made, numbers);
    }
    return made;
}
