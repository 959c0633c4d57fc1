#include "cli/studio/trash.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/options/paths.h"
#include "cli/studio/names.h"
#include "cli/studio/places.h"
#include "cli/studio/queue.h"
#include "cli/studio/shelf.h"
#include "cli/studio/thumbs.h"

/* Names in the folder of a deleted file. */
#define ABOUT "about.json"
#define THE_FILE "file"
#define THE_THUMB "thumb"

enum { DAYS_KEPT = 7, PATH_MOST = 512 };

static char *place(const char *id, const char *name, char path[PATH_MOST]) {
    snprintf(path, PATH_MOST, STUDIO_TRASH "/%.32s/%s", id, name);
    return path;
}

/* ---- taking ---- */

static bool write_about(const char *id, const char *file, const json_t *entry) {
    char path[PATH_MOST];
    json_t *about = json_pack("{s:s, s:I}", "file", file, "deleted", (json_int_t)time(NULL));
    if (about && entry)
        json_object_set_new(about, "entry", json_deep_copy(entry));
    char *text = about ? json_dumps(about, JSON_COMPACT) : NULL;
    bool good = text && pst_file_write(NULL, place(id, ABOUT, path), text, strlen(text)) == PST_OK;
    json_decref(about);
    free(text);
    return good;
}

/* The file's own move is the last step: before it nothing has happened that anybody sees. */
bool trash_take(const char *file, const json_t *entry, web_reply *reply) {
    char id[ID_MOST], path[PATH_MOST], copy[80];
    const file_mark mark = file_mark_of(file);
    if (!id_make(id) || !file_make_folders(place(id, ABOUT, path)) || !write_about(id, file, entry)) {
        studio_refuse(reply, 500, "%s: cannot be moved to the trash: it has no room; delete the file in the folder",
                      file_name(file));
        return false;
    }
    rename(thumbs_path(file, &mark, THUMB_SIDE, copy), place(id, THE_THUMB, path));
    if (rename(file, place(id, THE_FILE, path)) != 0) {
        const int why = errno;
        rename(place(id, THE_THUMB, path), copy);
        snprintf(path, sizeof path, STUDIO_TRASH "/%s", id);
        folder_remove(path);
        studio_refuse(reply, why == ENOENT ? 404 : 500, "%s: cannot be moved to the trash: %s", file_name(file),
                      strerror(why));
        return false;
    }
    studio_reply(reply, 200, json_pack("{s:s}", "undo", id));
    return true;
}

/* ---- undoing ---- */

static bool is_reserved(void *s, const char *name) { return queue_has_output(s, name); }

/* Back under its name or, where that is taken meanwhile, one like it. */
static bool put_back(studio *s, const char *id, const char *file, char path[PATH_MOST]) {
    char name[FOLDER_NAME_MOST], from[PATH_MOST], copy[80];
    const bool sources = strncmp(file, STUDIO_SOURCES "/", sizeof STUDIO_SOURCES) == 0;
    if (strlen(file_name(file)) >= sizeof name - 16)
        return false;
    strcpy(name, file_name(file));
    folder_free_name(sources ? STUDIO_SOURCES : "", name, sources ? NULL : is_reserved, s);
    snprintf(path, PATH_MOST, "%s%s", sources ? STUDIO_SOURCES "/" : "", name);
    if (rename(place(id, THE_FILE, from), path) != 0)
        return false;
    const file_mark mark = file_mark_of(path);
    rename(place(id, THE_THUMB, from), thumbs_path(path, &mark, THUMB_SIDE, copy));
    return true;
}

static void undo(studio *s, const char *id, web_reply *reply) {
    char path[PATH_MOST];
    json_t *about = folder_read_json(place(id, ABOUT, path), NULL), *entry = json_object_get(about, "entry");
    const char *file = json_string_value(json_object_get(about, "file"));
    if (!file || !put_back(s, id, file, path)) {
        studio_refuse(reply, 404, "this can no longer be undone");
    } else {
        if (entry)
            shelf_put_back(s, entry, path);
        else
            studio_tell(s, STUDIO_EVENT_RESULTS, NULL);
        studio_reply(reply, 200, json_pack("{s:s}", "name", file_name(path)));
        snprintf(path, sizeof path, STUDIO_TRASH "/%s", id);
        folder_remove(path);
    }
    json_decref(about);
}

void trash_answer(studio *s, const web_call *call, web_reply *reply) {
    if (!studio_is(call, "POST", 2))
        studio_unknown(call, reply);
    else if (!id_is(call->path[1]))
        studio_refuse(reply, 404, "this can no longer be undone");
    else
        undo(s, call->path[1], reply);
}

/* ---- cleaning ---- */

void trash_clean(void) {
    path_list names = {0};
    char path[PATH_MOST];
    paths_read_names(STUDIO_TRASH, &names);
    for (size_t i = 0; i < names.count; i++) {
        if (!id_is(names.paths[i]))
            continue;
        json_t *about = folder_read_json(place(names.paths[i], ABOUT, path), NULL);
        const double age = difftime(time(NULL), (time_t)json_integer_value(json_object_get(about, "deleted")));
        if (age > DAYS_KEPT * 86400.0 || !file_exists(place(names.paths[i], THE_FILE, path))) {
            snprintf(path, sizeof path, STUDIO_TRASH "/%s", names.paths[i]);
            folder_remove(path);
        }
        json_decref(about);
    }
    paths_free(&names);
}
