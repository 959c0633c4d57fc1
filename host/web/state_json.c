/* The state as the page reads it. */
#include <math.h>

#include "web/json.h"
#include "web/state.h"

static json_t *weights(const double values[3]) {
    json_t *made = json_array();
    for (int i = 0; i < 3; i++)
        json_array_append_new(made, web_json_number(values[i], 9));
    return made;
}

static json_t *notes(const web *w, unsigned from) {
    static const char *const kinds[] = {"kept", "weights", "scale", "problem", "other"};
    unsigned oldest = w->note_count > WEB_NOTES ? w->note_count - WEB_NOTES + 1 : 1;
    json_t *made = json_array();
    for (unsigned id = from + 1 > oldest ? from + 1 : oldest; id <= w->note_count; id++) {
        const web_noted *noted = &w->notes[id % WEB_NOTES];
        json_array_append_new(made, json_pack("{s:i, s:i, s:s, s:o}", "id", (int)id, "iteration", noted->iteration,
                                              "kind", kinds[noted->kind], "text", web_json_text(noted->text)));
    }
    return made;
}

static json_t *image(const web *w) {
    if (!w->image)
        return json_null();
    return json_pack("{s:i, s:i, s:i, s:i}", "version", (int)w->image_version, "iteration", w->image_iteration, "width",
                     pst_image_width(w->image->image), "height", pst_image_height(w->image->image));
}

static void add_losses(const web *w, const web_has *has, json_t *to) {
    bool same = has->run == w->run && has->epoch == w->curve.epoch && has->points <= w->curve.count;
    size_t from = same ? has->points : 0;
    json_t *values = json_array();
    for (size_t t = 0; t < w->curve.term_count; t++)
        json_array_append_new(values, web_json_number(w->terms[t], 6));
    json_object_set_new(to, "loss", web_json_number(w->loss, 6));
    json_object_set_new(to, "best", web_json_number(w->best_loss, 6));
    json_object_set_new(to, "terms", w->term_names ? json_incref(w->term_names) : json_array());
    json_object_set_new(to, "values", values);
    json_object_set_new(to, "epoch", json_integer(w->curve.epoch));
    json_object_set_new(to, "from", json_integer((json_int_t)from));
    json_object_set_new(to, "points", web_curve_json(&w->curve, from));
}

static void add_run(const web *w, const web_has *has, json_t *to) {
    const struct {
        const char *name;
        int value;
    } counts[] = {
        {"width", w->width},
        {"height", w->height},
        {"iteration", w->iteration},
        {"iterations", w->iterations},
        {"scale", w->scale},
        {"scale_count", w->scale_count},
        {"scale_width", w->scale_width},
        {"scale_height", w->scale_height},
    };
    double seconds = w->seconds - w->scale_seconds;
    bool has_pace = w->iteration > w->scale_iteration && seconds > 0;
    if (w->about)
        json_object_update(to, w->about);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(to, counts[i].name, json_integer(counts[i].value));
    json_object_set_new(to, "pace",
                        web_json_number(has_pace ? (w->iteration - w->scale_iteration) / seconds : (double)NAN, 5));
    json_object_set_new(to, "seconds", web_json_number(w->seconds, 6));
    json_object_set_new(to, "seconds_left", web_json_number(w->seconds_left, 6));
    json_object_set_new(to, "image", image(w));
    json_object_set_new(to, "weights", weights(w->weights));
    json_object_set_new(to, "first_weights", weights(w->first_weights));
    json_object_set_new(to, "shares", w->shares ? json_incref(w->shares) : json_array());
    add_losses(w, has, to);
}

char *web_state_text(const web *w, const web_has *has) {
    json_t *all =
        json_pack("{s:i, s:i, s:s, s:s, s:b, s:o}", "version", (int)w->version, "run", (int)w->run, "button",
                  w->button_secret, "phase", w->phase, "stays", w->stays, "message", web_json_text(w->message));
    if (w->run > 0)
        add_run(w, has, all);
    json_object_set_new(all, "notes", notes(w, has->notes));
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(all);
    return text;
}
