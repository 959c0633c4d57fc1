#include "cli/studio/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/studio/events.h"
#include "cli/studio/gallery.h"
#include "cli/studio/librarian.h"
#include "cli/studio/networks.h"
#include "cli/studio/option_json.h"
#include "cli/studio/painter.h"
#include "cli/studio/places.h"
#include "cli/studio/queue.h"
#include "cli/studio/run_line.h"
#include "cli/studio/shelf.h"
#include "web/json.h"

/* ---- api/studio ---- */

static json_t *network_json(const studio *s) {
    pst_catalogue *catalogue;
    const char *path;
    json_t *made = json_null();
    if (pst_catalogue_open(&catalogue) == PST_OK &&
        pst_catalogue_find(catalogue, s->settings->model, &path) == PST_OK) {
        char name[64];
        const bool named = !s->settings->model && run_line_network(name);
        made =
            json_pack("{s:o, s:o}", "name", web_json_text(named ? name : file_name(path)), "file", web_json_text(path));
    }
    pst_catalogue_close(catalogue);
    return made;
}

static void info_answer(studio *s, const web_call *call, web_reply *reply) {
    if (!studio_is(call, "GET", 1)) {
        studio_unknown(call, reply);
        return;
    }
    json_t *root = painter_json(s);
    json_object_set_new(root, "version", json_string(pst_version()));
    json_object_set_new(root, "folder", web_json_text(s->folder));
    json_object_set_new(root, "network", network_json(s));
    json_object_set_new(root, "networks", networks_json(s));
    json_object_set_new(root, "groups", option_json_groups());
    json_object_set_new(root, "presets", option_json_presets());
    json_object_set_new(root, "upload_most", json_integer((json_int_t)STUDIO_UPLOAD_MOST));
    json_object_set_new(root, "first_use", json_boolean(shelf_is_empty(s)));
    studio_reply(reply, 200, root);
}

/* ---- routes ---- */

typedef struct route {
    const char *first; /* part of the path, behind "api/" */
    studio_handler *answer;
    bool uploads; /* its POST of one part has a file */
} route;

static const route routes[] = {
    {"studio", info_answer, false},       {"demo", demo_answer, false},        {"shelf", shelf_answer, true},
    {"forecast", forecast_answer, false}, {"runs", queue_answer, false},       {"queue", queue_answer, false},
    {"sheets", sheets_answer, false},     {"results", gallery_answer, false},  {"read", from_record_answer, true},
    {"undo", trash_answer, false},        {"networks", networks_answer, false}};

static const route *find(const web_call *call) {
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(routes[i].first, call->path[0]) == 0)
            return &routes[i];
    return NULL;
}

static void answer(void *user, const web_call *call, web_reply *reply) {
    const route *to = find(call);
    if (to)
        to->answer(user, call, reply);
    else
        studio_refuse(reply, 404, "there is nothing here");
}

static bool wants_upload(void *user, const web_call *call, const char **folder, unsigned long long *most) {
    (void)user;
    const route *to = find(call);
    *folder = STUDIO_OWN;
    *most = STUDIO_UPLOAD_MOST;
    return to && to->uploads && call->parts == 1;
}

/* ---- its life ---- */

/* Names of files keep their meaning in the studio's folder. False: no memory. */
static bool make_absolute(studio *s, const char **name) {
    char *path = *name ? folder_absolute(*name) : NULL;
    bool good = !path || paths_add(&s->absolute, path);
    if (path && good)
        *name = s->absolute.paths[s->absolute.count - 1];
    free(path);
    return good;
}

static bool is_for_runs(const option *o) {
    return option_is_of(o, &command_table[COMMAND_RUN]) && o->offset != offsetof(settings, web_port) &&
           o->offset != offsetof(settings, web_address) && o->offset != offsetof(settings, quiet);
}

/* The options that each run has from this invocation, as given or from the environment. */
static bool take_settings(studio *s, const settings *given) {
    char name[OPTION_NAME_MOST];
    bool good = (s->settings = malloc(sizeof *s->settings)) != NULL;
    if (!good)
        return false;
    *s->settings = *given;
    good = make_absolute(s, &s->settings->kernels);
    for (const option *o = option_table; good && o < option_table + option_table_size; o++)
        if (o->kind == OPTION_FILE_NAME && option_is_of(o, given->command)) {
            const char **member = (const char **)(void *)((char *)s->settings + o->offset);
            good = make_absolute(s, member);
            if (*member && is_for_runs(o)) /* an empty name of choices is "none" */
                line_add(&s->given, option_name(o, 0, name), **member ? *member : "none");
        }
    for (size_t i = 0; good && i < given->given_count; i++) {
        const option *o = given->given[i].option;
        if (o->kind != OPTION_FILE_NAME && is_for_runs(o))
            line_add(&s->given, option_name(o, 0, name), given->given[i].value);
    }
    return good && !s->given.short_of_memory;
}

bool studio_open(studio *s, const settings *given) {
    *s = (studio){0};
    if (!take_settings(s, given) || !events_open(s)) {
        complain("no memory left");
        return false;
    }
    s->folder = folder_enter(given->word_count ? given->words[0] : NULL);
    return s->folder && folder_lock(s->folder) && librarian_open(s) && shelf_open(s) && networks_open(s) &&
           gallery_open(s) && queue_open(s) && painter_open(s);
}

bool studio_serve(studio *s) {
    const settings *given = s->settings;
    const web_service service = {.user = s, .answer = answer, .wants_upload = wants_upload, .events = events_text};
    char message[512];
    s->web = web_open(given->web_address, given->web_port < 0 ? WEB_PORT_NICE : given->web_port, &service, message);
    if (!s->web) {
        complain("%s", message);
        return false;
    }
    folder_announce(web_url(s->web));
    return gallery_begin(s);
}

void studio_close(studio *s) {
    gallery_end(s); /* what tells pages ends before their server */
    networks_end(s);
    web_close(s->web);
    s->web = NULL;
    painter_close(s);
    gallery_close(s);
    networks_close(s);
    queue_close(s);
    shelf_close(s);
    librarian_close(s);
    events_close(s);
    line_free(&s->given);
    paths_free(&s->absolute);
    free(s->settings);
    free(s->folder);
}
