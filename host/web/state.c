/* The run's side of the page. */
#include "web/state.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/json.h"

/* An image is not wanted more often than this, nor before this many times of what the last one cost the run and, less
 * gravely, a server's thread. */
#define PAUSE_LEAST 0.5
#define PAUSE_COSTS 50
#define PAUSE_ENCODINGS 10

#define LOOKING_SECONDS 3 /* after a browser's last sign */
#define UNFETCHED_SECONDS 10
#define LAST_SECONDS 3 /* that the end waits for who looks */

static void changed(web *w) {
    w->version++;
    web_tell(w->monitor);
}

static bool is_looked_at(const web *w) {
    return w->lookers > 0 || (w->looked_at > 0 && web_clock() - w->looked_at < LOOKING_SECONDS);
}

/* ---- opening and closing ---- */

static bool make_secret(char secret[WEB_SECRET + 1]) {
    unsigned char bytes[WEB_SECRET / 2];
    bool good = web_random(bytes, sizeof bytes);
    for (size_t i = 0; good && i < sizeof bytes; i++)
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
    return good;
}

static bool listen_on(web *w, const char *address, int port, char message[512]) {
    char reason[128];
    bool in_use = false;
    if (port != WEB_PORT_NICE) {
        if (web_listen(address, port, &w->listener, &in_use, reason))
            return true;
        if (in_use)
            snprintf(message, 512, "port %d of %s: %s; another --web-port may be free, and 0 takes any", port, address,
                     reason);
        else
            snprintf(message, 512, "--web-address %s, port %d: %s", address, port, reason);
        return false;
    }
    for (port = WEB_PORT; port < WEB_PORT + 20; port++) {
        if (web_listen(address, port, &w->listener, &in_use, reason))
            return true;
        if (!in_use)
            break;
    }
    if (in_use)
        snprintf(message, 512, "ports %d to %d of %s are all in use; --web-port 0 takes any that is free", WEB_PORT,
                 port - 1, address);
    else
        snprintf(message, 512, "--web-address %s: %s", address, reason);
    return false;
}

/* Where many addresses are listened on, the machine's name is the one to tell. */
static void make_url(web *w, const char *address) {
    char name[256];
    bool every = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    web_host_name(name);
    bool six = !every && strchr(address, ':');
    snprintf(w->url, sizeof w->url, "http://%s%s%s:%d/%s%s", six ? "[" : "", every ? name : address, six ? "]" : "",
             w->listener.port, w->secret, w->loopback ? "" : "/");
}

static void drop_next(web *w) {
    web_shot_release(w->next_content);
    for (size_t i = 0; i < WEB_STYLES_MOST; i++)
        web_shot_release(w->next_styles[i]);
    w->next_content = NULL;
    memset(w->next_styles, 0, sizeof w->next_styles);
}

static void drop(web *w) {
    web_shot_release(w->content);
    web_shot_release(w->image);
    for (size_t i = 0; i < WEB_STYLES_MOST; i++)
        web_shot_release(w->styles[i]);
    w->content = w->image = NULL;
    memset(w->styles, 0, sizeof w->styles);
    json_decref(w->about);
    json_decref(w->term_names);
    json_decref(w->shares);
    w->about = w->term_names = w->shares = NULL;
}

web *web_open(const char *address, int port, const web_service *service, char message[512]) {
    web *w = calloc(1, sizeof *w);
    bool listening = false;
    snprintf(message, 512, "no memory left for the page");
    if (!w || !(w->monitor = web_monitor_create()) || !(w->encoding = web_monitor_create()))
        goto failed;
    if (!address)
        address = "127.0.0.1";
    if (!(listening = listen_on(w, address, port, message)))
        goto failed;
    w->loopback = w->listener.loopback;
    if (service)
        w->service = *service;
    if (!make_secret(w->button_secret) || (!w->loopback && !make_secret(w->secret))) {
        snprintf(message, 512, "the page: the system has no randomness for a secret");
        goto failed;
    }
    make_url(w, address);
    w->phase = "preparing";
    w->version = 1; /* who asks without one has none */
    if (!web_server_start(w, message))
        goto failed;
    message[0] = '\0';
    return w;
failed:
    if (listening)
        web_unlisten(&w->listener);
    if (w) {
        web_monitor_destroy(w->monitor);
        web_monitor_destroy(w->encoding);
    }
    free(w);
    return NULL;
}

/* Whoever looks is to see the end of it, image and all; a browser that has gone must not hold up the program. What a
 * service has begun is not at its end. */
static void show_end(web *w) {
    web_lock(w->monitor);
    double until = web_clock() + LAST_SECONDS;
    while (!w->service.answer && is_looked_at(w) &&
           (w->told_version != w->version || (w->image && !w->image_fetched)) && web_clock() < until)
        web_wait(w->monitor, 0.05);
    w->ending = true;
    web_tell(w->monitor);
    until = web_clock() + LAST_SECONDS;
    while (w->requests > 0 && web_clock() < until) /* such as the button that ended it */
        web_wait(w->monitor, 0.05);
    web_unlock(w->monitor);
}

void web_close(web *w) {
    if (!w)
        return;
    show_end(w);
    web_server_stop(w);
    drop(w);
    drop_next(w);
    web_curve_free(&w->curve);
    web_monitor_destroy(w->monitor);
    web_monitor_destroy(w->encoding);
    free(w);
}

const char *web_url(const web *w) { return w->url; }

void web_wake(web *w) {
    web_lock(w->monitor);
    w->wakes++;
    web_tell(w->monitor);
    web_unlock(w->monitor);
}

/* ---- a run ---- */

void web_will_stay(web *w) {
    web_lock(w->monitor);
    w->stays = true;
    web_unlock(w->monitor);
}

void web_preparing(web *w, const char *what) {
    web_lock(w->monitor);
    snprintf(w->message, sizeof w->message, "%s", what);
    changed(w);
    web_unlock(w->monitor);
}

void web_weights(web *w, double content_weight, double style_weight, double tv_weight) {
    web_lock(w->monitor);
    w->weights[0] = content_weight;
    w->weights[1] = style_weight;
    w->weights[2] = tv_weight;
    changed(w);
    web_unlock(w->monitor);
}

static json_t *describe(const web_run *run) {
    json_t *styles = json_array();
    for (size_t i = 0; i < run->style_count && i < WEB_STYLES_MOST; i++)
        json_array_append_new(styles, web_json_text(run->style_names[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:i}", "output", web_json_text(run->output), "device",
                     web_json_text(run->device), "network", web_json_text(run->network), "content",
                     web_json_text(run->content_name), "styles", styles, "style_count", (int)run->style_count);
}

void web_sources(web *w, const pst_image *content, const pst_image *const *styles, size_t style_count) {
    drop_next(w);
    w->next_content = web_shot_create(content, WEB_VIEW_MOST);
    for (size_t i = 0; i < style_count && i < WEB_STYLES_MOST; i++)
        w->next_styles[i] =
            styles[i] ? web_shot_create(styles[i], WEB_VIEW_MOST / 2) : NULL; /* a style file has no image */
}

void web_begin(web *w, const web_run *run) {
    web_lock(w->monitor);
    drop(w);
    w->content = w->next_content;
    memcpy(w->styles, w->next_styles, sizeof w->styles);
    w->next_content = NULL;
    memset(w->next_styles, 0, sizeof w->next_styles);
    w->about = describe(run);
    w->run++;
    w->phase = "painting";
    w->message[0] = '\0';
    w->width = run->width;
    w->height = run->height;
    w->iterations = run->iterations;
    w->iteration = w->scale = w->scale_count = 0;
    w->seconds = w->seconds_left = w->loss = w->best_loss = NAN;
    w->weights[0] = w->first_weights[0] = run->content_weight;
    w->weights[1] = w->first_weights[1] = run->style_weight;
    w->weights[2] = w->first_weights[2] = run->tv_weight;
    w->wishes = (web_wishes){0};
    w->has_wishes = false;
    w->image_iteration = 0;
    web_curve_clear(&w->curve, 0);
    changed(w);
    web_unlock(w->monitor);
}

static void name_terms(web *w, const pst_progress *now) {
    json_decref(w->term_names);
    w->term_names = json_array();
    for (size_t t = 0; t < now->term_count && t < WEB_TERMS_MOST; t++)
        json_array_append_new(w->term_names, web_json_text(now->terms[t].name));
}

static void note(web *w, web_note_kind kind, const char *text) {
    web_noted *noted = &w->notes[++w->note_count % WEB_NOTES];
    noted->id = w->note_count;
    noted->iteration = w->iteration;
    noted->kind = kind;
    snprintf(noted->text, sizeof noted->text, "%s", text);
    changed(w);
}

static bool wants_image(const web *w) {
    double pause = fmax(PAUSE_LEAST, fmax(PAUSE_COSTS * w->image_cost, PAUSE_ENCODINGS * w->encode_cost));
    double since = web_clock() - w->image_at;
    if (!is_looked_at(w))
        return false;
    return !w->image || (since >= pause && (w->image_fetched || since >= UNFETCHED_SECONDS));
}

static void begin_scale(web *w, const pst_progress *now) {
    w->scale = now->scale;
    w->scale_count = now->scale_count;
    w->scale_width = now->width;
    w->scale_height = now->height;
    w->scale_iteration = now->iteration;
    w->scale_seconds = now->seconds;
    if (now->scale > 1) {
        char text[64];
        snprintf(text, sizeof text, "Scale %d of %d, %d by %d pixels", now->scale, now->scale_count, now->width,
                 now->height);
        note(w, WEB_NOTE_SCALE, text);
    }
}

static void note_shares(web *w, const pst_progress *now) {
    json_decref(w->shares);
    w->shares = json_array();
    for (size_t i = 0; i < now->share_count; i++) {
        const pst_share *share = &now->shares[i];
        json_array_append_new(w->shares, json_pack("[i, i, i, o, o, o]", share->rank, share->device, share->tiles,
                                                   web_json_number(share->busy_seconds, 4),
                                                   web_json_number(share->wait_seconds, 4),
                                                   web_json_number(share->exchange_seconds, 4)));
    }
}

bool web_evaluation(web *w, const pst_progress *now) {
    web_point point = {.iteration = now->iteration, .loss = now->loss};
    for (size_t t = 0; t < now->term_count && t < WEB_TERMS_MOST; t++)
        point.terms[t] = now->terms[t].value;
    web_lock(w->monitor);
    if (w->curve.term_count != now->term_count && now->term_count <= WEB_TERMS_MOST) {
        web_curve_clear(&w->curve, now->term_count);
        name_terms(w, now);
    }
    web_curve_add(&w->curve, &point);
    note_shares(w, now);
    memcpy(w->terms, point.terms, sizeof w->terms);
    w->iteration = now->iteration;
    w->iterations = now->iterations;
    w->seconds = now->seconds;
    w->seconds_left = now->seconds_left >= 0 ? now->seconds_left : NAN;
    if (now->scale != w->scale)
        begin_scale(w, now);
    w->loss = now->loss;
    w->best_loss = now->best_loss;
    if (now->notice)
        note(w, WEB_NOTE_OTHER, now->notice);
    changed(w);
    bool wanted = wants_image(w);
    if (wanted)
        w->image_began = web_clock();
    web_unlock(w->monitor);
    return wanted;
}

static void take_image(web *w, const pst_image *image) {
    web_shot *shot = web_shot_create(image, 0);
    web_lock(w->monitor);
    if (shot) {
        web_shot_release(w->image);
        w->image = shot;
        w->image_version++;
        w->image_iteration = w->iteration;
        w->image_fetched = false;
    }
    w->image_at = web_clock();
    w->image_cost = w->image_at - w->image_began;
    changed(w);
    web_unlock(w->monitor);
}

void web_image(web *w, const pst_image *image) { take_image(w, image); }

bool web_take(web *w, web_wishes *wishes) {
    web_lock(w->monitor);
    bool any = w->has_wishes;
    *wishes = w->wishes;
    w->wishes = (web_wishes){0};
    w->has_wishes = false;
    web_unlock(w->monitor);
    return any;
}

void web_note(web *w, web_note_kind kind, const char *format, ...) {
    char text[sizeof w->notes[0].text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    web_lock(w->monitor);
    note(w, kind, text);
    web_unlock(w->monitor);
}

void web_end(web *w, web_ending how, const char *text, const pst_image *image) {
    static const char *const phases[] = {"done", "stopped", "failed"};
    if (image)
        take_image(w, image);
    web_lock(w->monitor);
    w->phase = phases[how];
    snprintf(w->message, sizeof w->message, "%s", text);
    w->seconds_left = NAN;
    changed(w);
    web_unlock(w->monitor);
}

void web_stay(web *w, bool (*is_over)(void)) {
    web_lock(w->monitor);
    while (!w->wishes.leave && !is_over())
        web_wait(w->monitor, 0.1);
    w->stays = false;
    changed(w);
    web_unlock(w->monitor);
}
