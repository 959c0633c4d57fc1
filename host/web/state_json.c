/* The state as the page reads it. */
#include <math.h>

#include "web/state.h"

static void write_weights(web_text *text, const char *name, const double values[3]) {
    web_text_add(text, ",\"%s\":[", name);
    for (int i = 0; i < 3; i++) {
        web_text_add(text, i ? "," : "");
        web_text_number(text, values[i], 9);
    }
    web_text_add(text, "]");
}

static void write_notes(const web *w, unsigned from, web_text *text) {
    static const char *const kinds[] = {"kept", "weights", "scale", "problem", "other"};
    unsigned oldest = w->note_count > WEB_NOTES ? w->note_count - WEB_NOTES + 1 : 1;
    web_text_add(text, ",\"notes\":[");
    if (from + 1 > oldest)
        oldest = from + 1;
    for (unsigned id = oldest; id <= w->note_count; id++) {
        const web_noted *noted = &w->notes[id % WEB_NOTES];
        web_text_add(text, "%s{\"id\":%u,\"iteration\":%d,\"kind\":\"%s\",\"text\":", id > oldest ? "," : "", id,
                     noted->iteration, kinds[noted->kind]);
        web_text_string(text, noted->text);
        web_text_add(text, "}");
    }
    web_text_add(text, "]");
}

static void write_losses(const web *w, const web_has *has, web_text *text) {
    bool same = has->run == w->run && has->epoch == w->curve.epoch && has->points <= w->curve.count;
    size_t from = same ? has->points : 0;
    web_text_add(text, ",\"loss\":");
    web_text_number(text, w->loss, 6);
    web_text_add(text, ",\"best\":");
    web_text_number(text, w->best_loss, 6);
    web_text_add(text, ",\"terms\":[%s],\"values\":[", w->term_names.data ? w->term_names.data : "");
    for (size_t t = 0; t < w->curve.term_count; t++) {
        web_text_add(text, t ? "," : "");
        web_text_number(text, w->terms[t], 6);
    }
    web_text_add(text, "],\"epoch\":%u,\"from\":%zu,\"points\":", w->curve.epoch, from);
    web_curve_write(&w->curve, from, text);
}

void web_state_write(const web *w, const web_has *has, web_text *text) {
    web_text_add(text,
                 "{\"version\":%u,\"run\":%u,\"button\":\"%s\",\"phase\":\"%s\",\"stays\":%s,\"message\":", w->version,
                 w->run, w->button_secret, w->phase, w->stays ? "true" : "false");
    web_text_string(text, w->message);
    if (w->run > 0) {
        web_text_add(text, ",%s", w->about.data ? w->about.data : "\"output\":null");
        web_text_add(text, ",\"width\":%d,\"height\":%d,\"iteration\":%d,\"iterations\":%d", w->width, w->height,
                     w->iteration, w->iterations);
        web_text_add(text, ",\"scale\":%d,\"scale_count\":%d,\"scale_width\":%d,\"scale_height\":%d", w->scale,
                     w->scale_count, w->scale_width, w->scale_height);
        double seconds = w->seconds - w->scale_seconds;
        web_text_add(text, ",\"pace\":");
        web_text_number(
            text,
            w->iteration > w->scale_iteration && seconds > 0 ? (w->iteration - w->scale_iteration) / seconds : NAN, 5);
        web_text_add(text, ",\"seconds\":");
        web_text_number(text, w->seconds, 6);
        web_text_add(text, ",\"seconds_left\":");
        web_text_number(text, w->seconds_left, 6);
        if (w->image)
            web_text_add(text, ",\"image\":{\"version\":%u,\"iteration\":%d,\"width\":%d,\"height\":%d}",
                         w->image_version, w->image_iteration, pst_image_width(w->image->image),
                         pst_image_height(w->image->image));
        else
            web_text_add(text, ",\"image\":null");
        write_weights(text, "weights", w->weights);
        write_weights(text, "first_weights", w->first_weights);
        write_losses(w, has, text);
    }
    write_notes(w, has->notes, text);
    web_text_add(text, "}\n");
}
