/* How long runs take here: seconds and bytes for each pixel, as earlier runs of this network on this device had them.
 * They depend on the size, so that each doubling of the pixels has its own. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/studio/queue_data.h"

enum { CLASS_LEAST = 10, CLASS_MOST = 28, KEY_MOST = 800 }; /* 2^10 pixels are 32x32 */

static int class_of(double pixels) {
    const int c = (int)floor(log2(fmax(pixels, 1)) + 0.5);
    return c < CLASS_LEAST ? CLASS_LEAST : c > CLASS_MOST ? CLASS_MOST : c;
}

/* "small.safetensors on NAME, 18"; under the lock. */
static char *key_of(const struct queue *q, const char *model, int size_class, char key[KEY_MOST]) {
    snprintf(key, KEY_MOST, "%.200s on %.500s, %d", model, q->device ? q->device : "", size_class);
    for (char *c = key; *c; c++) /* JSON is UTF-8 */
        *c = (unsigned char)*c < 128 ? *c : '?';
    return key;
}

void queue_learn(studio *s, const char *model, double pixels, int iterations, double seconds, double device_bytes) {
    struct queue *q = s->queue;
    char key[KEY_MOST];
    if (!(pixels > 0 && iterations > 0 && seconds > 0))
        return;
    web_lock(q->lock);
    key_of(q, model, class_of(pixels), key);
    double pace = seconds / pixels / iterations;
    const json_t *known = json_object_get(q->paces, key);
    const double before = json_number_value(json_array_get(known, 0));
    if (before > 0)
        pace = (before + pace) / 2;
    json_object_set_new(q->paces, key, json_pack("[f, f]", pace, device_bytes / pixels));
    web_unlock(q->lock);
}

double queue_forecast(studio *s, const char *model, double pixels, int iterations, double *bytes) {
    struct queue *q = s->queue;
    const int own = class_of(pixels);
    char key[KEY_MOST];
    double seconds = -1;
    *bytes = -1;
    web_lock(q->lock);
    for (int far = 0; far <= CLASS_MOST - CLASS_LEAST && seconds < 0; far++)
        for (int side = -1; side <= 1 && seconds < 0; side += 2) {
            const json_t *known = json_object_get(q->paces, key_of(q, model, own + side * far, key));
            if (!known)
                continue;
            seconds = json_number_value(json_array_get(known, 0)) * pixels * iterations;
            *bytes = json_number_value(json_array_get(known, 1)) * pixels;
        }
    web_unlock(q->lock);
    if (*bytes <= 0)
        *bytes = -1;
    return seconds;
}
