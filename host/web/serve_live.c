/* The run as the live page sees it: state, images, and four buttons. */
#include <stdlib.h>
#include <string.h>

#include "web/serve.h"

#define NEWS_SECONDS 20 /* that a browser waits for news at most */
#define WEIGHT_MOST 1e12

/* A number from the query, or 0. */
static unsigned asked(connection *from, const char *name) {
    const char *value = MHD_lookup_connection_value(from, MHD_GET_ARGUMENT_KIND, name);
    return value ? (unsigned)strtoul(value, NULL, 10) : 0;
}

enum MHD_Result live_state(web *w, connection *to, request *r) {
    unsigned version = asked(to, "version");
    bool looks = asked(to, "look") != 0;
    web_has has = {asked(to, "run"), asked(to, "epoch"), asked(to, "points"), asked(to, "notes")};
    web_lock(w->monitor);
    double until = web_clock() + NEWS_SECONDS;
    w->lookers += looks;
    while (!w->ending && !visitor_has_ended(request_visitor(to)) && w->version == version && web_clock() < until)
        web_wait(w->monitor, until - web_clock());
    char *text = web_state_text(w, &has);
    w->lookers -= looks;
    if (looks) {
        w->looked_at = web_clock();
        r->told_version = w->version;
    }
    web_unlock(w->monitor);
    enum MHD_Result result = text ? answer_bytes(to, MHD_HTTP_OK, "application/json", text, strlen(text), false)
                                  : answer_line(to, r, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory left");
    free(text);
    return result;
}

enum MHD_Result live_image(web *w, connection *to, const char *name, request *r) {
    unsigned index = asked(to, "index");
    bool whole = asked(to, "whole") != 0, is_result = strcmp(name, "result") == 0;
    web_lock(w->encoding); /* one file at a time is enough work beside the run */
    web_lock(w->monitor);
    web_shot *shot = is_result                                               ? w->image
                     : strcmp(name, "content") == 0                          ? w->content
                     : strcmp(name, "style") == 0 && index < WEB_STYLES_MOST ? w->styles[index]
                                                                             : NULL;
    if (shot)
        shot->references++;
    unsigned version = w->image_version;
    web_unlock(w->monitor);
    bool made = shot && web_shot_encode(shot, whole);
    double cost = shot ? shot->encode_seconds : 0;
    web_unlock(w->encoding);
    enum MHD_Result result =
        !shot   ? answer_not_found(to, r)
        : !made ? answer_line(to, r, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory left")
                : answer_bytes(to, MHD_HTTP_OK, "image/jpeg", shot->files[whole], shot->bytes[whole], false);
    web_lock(w->monitor);
    if (made && is_result) {
        w->encode_cost = cost;
        r->image_version = version;
    }
    web_shot_release(shot);
    web_unlock(w->monitor);
    return result;
}

/* ---- buttons ---- */

/* Reads "content=5&style=100&tv=0.001" over the weights that are there. */
static bool read_weights(const char *body, double weights[3]) {
    static const char *const names[] = {"content=", "style=", "tv="};
    while (*body) {
        int which = 0;
        while (which < 3 && strncmp(body, names[which], strlen(names[which])) != 0)
            which++;
        if (which == 3)
            return false;
        char *end;
        body += strlen(names[which]);
        double value = strtod(body, &end);
        if (end == body || !(value >= 0 && value <= WEIGHT_MOST) || (*end && *end != '&')) /* false for NaN */
            return false;
        weights[which] = value;
        body = *end ? end + 1 : end;
    }
    return true;
}

static bool is_painting(const web *w) { return strcmp(w->phase, "painting") == 0; }

enum MHD_Result live_press(web *w, connection *to, const request *r) {
    unsigned code = MHD_HTTP_ACCEPTED;
    const char *name = r->path, *body = r->body ? r->body : "", *text = "noted";
    web_lock(w->monitor);
    web_wishes *wishes = &w->wishes;
    double weights[3];
    memcpy(weights, w->weights, sizeof weights);
    if (wishes->weights)
        memcpy(weights, (double[]){wishes->content_weight, wishes->style_weight, wishes->tv_weight}, sizeof weights);
    bool is_stop = strcmp(name, "stop") == 0, is_keep = strcmp(name, "keep") == 0,
         is_weights = strcmp(name, "weights") == 0;
    if (strcmp(name, "leave") == 0) {
        wishes->leave = true;
    } else if (!is_stop && !is_keep && !is_weights) {
        code = MHD_HTTP_NOT_FOUND;
        text = "not found";
    } else if (!is_painting(w) || (is_keep && w->iteration < 1)) {
        code = MHD_HTTP_CONFLICT;
        text = is_painting(w) ? "there is no image yet" : "nothing is being painted";
    } else if (is_weights && (!*body || !read_weights(body, weights))) {
        code = MHD_HTTP_BAD_REQUEST;
        text = "weights are numbers from 0 to 1e12: content=5&style=100&tv=0.001";
    } else if (is_weights) {
        wishes->weights = true;
        wishes->content_weight = weights[0];
        wishes->style_weight = weights[1];
        wishes->tv_weight = weights[2];
    } else {
        wishes->stop |= is_stop;
        wishes->keep |= is_keep;
    }
    if (code == MHD_HTTP_ACCEPTED) {
        w->has_wishes = true;
        web_tell(w->monitor); /* web_stay waits for it */
    }
    web_unlock(w->monitor);
    return answer_line(to, r, code, text);
}
