#include "cli/studio/networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "web/json.h"

#define TELL_SECONDS 0.25

enum { NAME_MOST = 64, PROBLEM_MOST = 512 };

/* One network is fetched at a time. */
typedef struct networks {
    web_monitor *lock;
    web_thread *thread; /* that has a fetch, or had one */
    char name[NAME_MOST];
    bool fetching, stops, ending;
    double told;
    json_t *last; /* that was told; NULL: nothing yet */
} networks;

/* ---- the list ---- */

static json_t *json_of(const char *name, const char *title, uint64_t bytes, const char *license, bool installed) {
    return json_pack("{s:s, s:o, s:I, s:o, s:b}", "name", name, "title", web_json_text(title), "bytes",
                     (json_int_t)bytes, "licence", web_json_text(license), "installed", installed);
}

/* "vgg19-caffe" is "VGG-19, caffe" for people. */
static const char *title_of(const char *name, char title[64]) {
    const bool vgg = strncmp(name, "vgg", 3) == 0;
    const size_t digits = vgg ? strspn(name + 3, "0123456789") : 0;
    if (!digits)
        return name;
    const char *rest = name + 3 + digits;
    snprintf(title, 64, "VGG-%.*s%s%.40s", (int)digits, name + 3, *rest ? ", " : "", *rest ? rest + 1 : "");
    return title;
}

bool networks_has_inside(const char *name) {
    const char *const *inside = pst_catalogue_built_in();
    while (*inside && strcmp(*inside, name) != 0)
        inside++;
    return *inside;
}

const char *networks_name_inside(const char *path) {
    for (const char *const *inside = pst_catalogue_built_in(); *inside; inside++) {
        char known[64];
        snprintf(known, sizeof known, "built-in:%.40s.safetensors", *inside);
        if (strcmp(path, known) == 0)
            return *inside;
    }
    return NULL;
}

json_t *networks_json(studio *s) {
    pst_catalogue *catalogue;
    const pst_known_network *known = NULL;
    const char *path;
    json_t *list = json_array();
    size_t count = 0;
    (void)s;
    if (pst_catalogue_open(&catalogue) == PST_OK)
        known = pst_catalogue_networks(catalogue, &count);
    for (size_t i = 0; i < count; i++) {
        const bool installed = pst_catalogue_installed(catalogue, &known[i], &path) == PST_OK && path;
        char title[64];
        json_t *one =
            json_of(known[i].name, title_of(known[i].name, title), known[i].bytes, known[i].license, installed);
        json_object_set_new(one, "notes", web_json_text(known[i].notes));
        json_array_append_new(list, one);
    }
    for (const char *const *inside = pst_catalogue_built_in(); *inside; inside++) {
        char title[64];
        snprintf(title, sizeof title, "the %.40s network", *inside);
        json_array_append_new(list, json_of(*inside, title, 0, "", true));
    }
    pst_catalogue_close(catalogue);
    return list;
}

/* ---- fetching ---- */

/* Listeners, and who asks later. The lock is held. */
static void tell(studio *s, uint64_t done, uint64_t total, const char *phase, const char *problem) {
    networks *n = s->networks;
    json_decref(n->last);
    n->last = json_pack("{s:s, s:I, s:I, s:s, s:o}", "name", n->name, "done", (json_int_t)done, "total",
                        (json_int_t)total, "phase", phase, "error", web_json_text(problem));
    studio_tell(s, STUDIO_EVENT_FETCH, json_copy(n->last));
}

static bool follow(void *user, const pst_fetch_progress *now) {
    static const char *const phases[] = {
        [PST_FETCH_CONNECTING] = "connecting", [PST_FETCH_RECEIVING] = "receiving", [PST_FETCH_CHECKING] = "checking"};
    studio *s = user;
    networks *n = s->networks;
    web_lock(n->lock);
    const bool stops = n->stops;
    if (web_clock() - n->told >= TELL_SECONDS) {
        n->told = web_clock();
        tell(s, now->done, now->total, phases[now->phase], NULL);
    }
    web_unlock(n->lock);
    return stops;
}

static void fetch(void *self) {
    studio *s = self;
    networks *n = s->networks;
    pst_catalogue *catalogue;
    pst_fetch_options options;
    pst_fetch_report report = {.size = sizeof report};
    char problem[PROBLEM_MOST];
    pst_fetch_options_init(&options, sizeof options);
    options.what = n->name;
    pst_status status = pst_catalogue_open(&catalogue);
    if (status == PST_OK)
        status = pst_catalogue_fetch(catalogue, &options, follow, s, &report);
    snprintf(problem, sizeof problem, "%s",
             status == PST_STOPPED ? "stopped; what has come is kept for the next time"
             : catalogue           ? pst_catalogue_message(catalogue)
                                   : "no memory left");
    pst_catalogue_close(catalogue);
    web_lock(n->lock);
    n->fetching = false;
    if (status == PST_OK)
        tell(s, report.bytes, report.bytes, "done", NULL);
    else
        tell(s, report.part_bytes, 0, "failed", problem);
    web_unlock(n->lock);
}

static bool is_known(const char *name) {
    pst_catalogue *catalogue;
    const bool known = pst_catalogue_open(&catalogue) == PST_OK && pst_catalogue_known(catalogue, name);
    pst_catalogue_close(catalogue);
    return known && strlen(name) < NAME_MOST;
}

/* The lock is held. False: no thread is to be had. */
static bool begin(studio *s, const char *name) {
    networks *n = s->networks;
    if (n->thread)
        web_thread_join(n->thread); /* it has ended, or is about to */
    strcpy(n->name, name);
    n->stops = false;
    n->told = 0;
    n->thread = web_thread_start(fetch, s);
    n->fetching = n->thread;
    if (n->fetching)
        tell(s, 0, 0, "connecting", NULL);
    return n->fetching;
}

static void answer_fetch(studio *s, const char *name, web_reply *reply) {
    networks *n = s->networks;
    web_lock(n->lock);
    if (!is_known(name))
        studio_refuse(reply, 404, "%s: no network has this name", name);
    else if (n->fetching && strcmp(n->name, name) != 0)
        studio_refuse(reply, 409, "%s is fetched now; one at a time", n->name);
    else if (!n->fetching && (n->ending || !begin(s, name)))
        studio_refuse(reply, 500, "no memory left");
    else
        studio_reply(reply, 202, json_object());
    web_unlock(n->lock);
}

static void answer_stop(studio *s, const char *name, web_reply *reply) {
    networks *n = s->networks;
    web_lock(n->lock);
    if (!n->fetching || strcmp(n->name, name) != 0) {
        studio_refuse(reply, 409, "%s is not fetched now", name);
    } else {
        n->stops = true;
        studio_reply(reply, 202, json_object());
    }
    web_unlock(n->lock);
}

/* What can be had, and what has become of the last fetch. */
static void answer_list(studio *s, web_reply *reply) {
    networks *n = s->networks;
    json_t *list = networks_json(s);
    web_lock(n->lock);
    json_t *last = n->last ? json_deep_copy(n->last) : json_null();
    web_unlock(n->lock);
    studio_reply(reply, 200, json_pack("{s:o, s:o}", "networks", list, "fetch", last));
}

void networks_answer(studio *s, const web_call *call, web_reply *reply) {
    if (studio_is(call, "POST", 3) && strcmp(call->path[2], "fetch") == 0)
        answer_fetch(s, call->path[1], reply);
    else if (studio_is(call, "POST", 3) && strcmp(call->path[2], "stop") == 0)
        answer_stop(s, call->path[1], reply);
    else if (studio_is(call, "GET", 1))
        answer_list(s, reply);
    else
        studio_unknown(call, reply);
}

bool networks_open(studio *s) {
    networks *n = s->networks = calloc(1, sizeof *n);
    if (n && (n->lock = web_monitor_create()))
        return true;
    complain("no memory left");
    return false;
}

void networks_end(studio *s) {
    networks *n = s->networks;
    if (!n || !n->lock)
        return;
    web_lock(n->lock);
    n->stops = n->ending = true;
    web_unlock(n->lock);
    if (n->thread)
        web_thread_join(n->thread);
    n->thread = NULL;
}

void networks_close(studio *s) {
    networks *n = s->networks;
    if (!n)
        return;
    web_monitor_destroy(n->lock);
    json_decref(n->last);
    free(n);
    s->networks = NULL;
}
