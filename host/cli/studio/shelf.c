#include "cli/studio/shelf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/paths.h"
#include "cli/run/record.h"
#include "cli/studio/places.h"
#include "package/printable.h"

static const char *const kinds[] = {[SHELF_IMAGE] = "image", [SHELF_STYLE] = "style", [SHELF_MASK] = "mask"};

typedef struct item {
    char id[ID_MOST], sha256[65], role[8];
    shelf_entry entry;
    long long used; /* seconds since 1970 */
    file_mark mark;
    bool passed_over; /* put there by hand, and cannot be read or is a copy */
} item;

typedef struct shelf {
    web_monitor *lock;
    item *items;
    size_t count, room;
    bool changed; /* STUDIO_SHELF is to be written */
    bool is_read; /* all that is in STUDIO_SOURCES, once */
} shelf;

/* ---- the list; the lock is held ---- */

static item *find_id(const shelf *h, const char *id) {
    for (size_t i = 0; i < h->count; i++)
        if (!h->items[i].passed_over && strcmp(h->items[i].id, id) == 0)
            return &h->items[i];
    return NULL;
}

static item *find_path(const shelf *h, const char *path) {
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->items[i].entry.path, path) == 0)
            return &h->items[i];
    return NULL;
}

static void drop(shelf *h, item *i) {
    *i = h->items[--h->count];
    h->changed = true;
}

/* NULL: no memory. */
static item *add(shelf *h) {
    if (h->count == h->room) {
        const size_t room = h->room ? 2 * h->room : 16;
        item *more = realloc(h->items, room * sizeof *more);
        if (!more)
            return NULL;
        h->items = more;
        h->room = room;
    }
    h->changed = true;
    h->items[h->count] = (item){0};
    return &h->items[h->count++];
}

static bool is_there(const item *i) { return file_mark_of(i->entry.path).changed != 0; }

/* Whether the file still has the bytes that were seen, perhaps under a new mark. */
static bool is_same(item *i) {
    const file_mark now = file_mark_of(i->entry.path);
    char sha256[65];
    if (mark_is(&i->mark, &now))
        return now.changed;
    if (!now.changed || pst_file_sha256(NULL, i->entry.path, sha256) != PST_OK || strcmp(sha256, i->sha256) != 0)
        return false;
    i->mark = now;
    return true;
}

static void set_sha256(item *i, const char *sha256) {
    snprintf(i->sha256, sizeof i->sha256, "%s", sha256);
    snprintf(i->id, sizeof i->id, "%.*s", ID_MOST - 1, sha256);
}

static void set_role(item *i, const char *role) {
    snprintf(i->role, sizeof i->role, "%s", i->entry.kind == SHELF_STYLE ? "style" : role);
    if (i->entry.kind != SHELF_STYLE)
        i->entry.kind = strcmp(role, "mask") == 0 ? SHELF_MASK : SHELF_IMAGE;
}

/* An image that comes again as a mask is still offered as an image. */
static void use_again(item *i, const char *role) {
    if (i->entry.kind != SHELF_IMAGE || strcmp(role, "mask") != 0)
        set_role(i, role);
    i->used = (long long)time(NULL);
}

/* ---- as JSON ---- */

static json_t *json_of(const item *i) {
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I}", "id", i->id, "name", i->entry.name, "kind",
                     kinds[i->entry.kind], "role", i->role, "width", i->entry.width, "height", i->entry.height, "used",
                     (json_int_t)i->used, "bytes", (json_int_t)i->mark.bytes);
}

/* What is kept: the file's mark too. */
static json_t *kept_of(const item *i) {
    json_t *kept = json_of(i);
    json_object_set_new(kept, "file", json_string(file_name(i->entry.path)));
    json_object_set_new(kept, "sha256", json_string(i->sha256));
    mark_keep(&i->mark, kept);
    return kept;
}

static json_int_t number_of(const json_t *kept, const char *key) {
    return json_integer_value(json_object_get(kept, key));
}

/* False: this is no entry. path: "sources/photo.jpg". */
static bool read_kept(item *i, const json_t *kept, const char *path) {
    const char *name = record_text_of(kept, "name"), *sha256 = record_text_of(kept, "sha256"),
               *kind = record_text_of(kept, "kind"), *role = record_text_of(kept, "role");
    const json_int_t width = number_of(kept, "width"), height = number_of(kept, "height");
    if (strlen(sha256) != 64 || !name_can_be_told(file_name(path)) || strlen(path) >= sizeof i->entry.path ||
        width < 0 || width > 65535 || height < 0 || height > 65535)
        return false;
    for (i->entry.kind = SHELF_MASK; i->entry.kind > SHELF_IMAGE && strcmp(kinds[i->entry.kind], kind) != 0;)
        i->entry.kind--;
    snprintf(i->entry.path, sizeof i->entry.path, "%s", path);
    snprintf(i->entry.name, sizeof i->entry.name, "%s", name);
    i->entry.width = (int)width;
    i->entry.height = (int)height;
    i->used = number_of(kept, "used");
    i->mark = mark_kept(kept);
    set_sha256(i, sha256);
    set_role(i, role);
    return true;
}

static void save(shelf *h) {
    json_t *images = json_array(), *root = json_pack("{s:o}", "images", images);
    for (size_t i = 0; i < h->count; i++)
        if (!h->items[i].passed_over)
            json_array_append_new(images, kept_of(&h->items[i]));
    char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
    if (text && pst_file_write(NULL, STUDIO_SHELF, text, strlen(text)) == PST_OK)
        h->changed = false;
    free(text);
    json_decref(root);
}

static void load(shelf *h) {
    json_t *root = folder_read_list(STUDIO_SHELF, "images", "all images are read anew"), *kept;
    size_t i;
    json_array_foreach(json_object_get(root, "images"), i, kept) {
        char path[sizeof h->items->entry.path];
        const char *file = record_text_of(kept, "file");
        item read = {0};
        if (*file && strlen(file) < sizeof path - 16 && strcmp(file_name(file), file) == 0) {
            snprintf(path, sizeof path, STUDIO_SOURCES "/%s", file);
            item *new = read_kept(&read, kept, path) && is_there(&read) ? add(h) : NULL;
            if (new)
                *new = read;
        }
    }
    json_decref(root);
}

/* What an ended program has left of files that were coming in. */
static void remove_rests(void) {
    path_list names = {0};
    char path[4096];
    paths_read_names(STUDIO_OWN, &names);
    for (size_t i = 0; i < names.count; i++)
        if (strncmp(names.paths[i], ".upload-", strlen(".upload-")) == 0) {
            snprintf(path, sizeof path, STUDIO_OWN "/%s", names.paths[i]);
            remove(path);
        }
    paths_free(&names);
}

bool shelf_open(studio *s) {
    shelf *h = s->shelf = calloc(1, sizeof *h);
    if (!h || !(h->lock = web_monitor_create())) {
        complain("no memory left");
        return false;
    }
    remove_rests();
    load(h);
    return true;
}

void shelf_close(studio *s) {
    shelf *h = s->shelf;
    if (!h)
        return;
    if (h->changed)
        save(h);
    web_monitor_destroy(h->lock);
    free(h->items);
    free(h);
    s->shelf = NULL;
}

/* ---- looking things up ---- */

bool shelf_find(studio *s, const char *id, shelf_entry *entry) {
    shelf *h = s->shelf;
    web_lock(h->lock);
    item *i = id ? find_id(h, id) : NULL;
    const bool found = i && is_same(i);
    if (found)
        *entry = i->entry;
    web_unlock(h->lock);
    return found;
}

bool shelf_find_sha256(studio *s, const char *sha256, char id[ID_MOST]) {
    shelf *h = s->shelf;
    bool found = false;
    web_lock(h->lock);
    for (size_t i = 0; i < h->count && !found; i++)
        if ((found = !h->items[i].passed_over && strcmp(h->items[i].sha256, sha256) == 0 && is_same(&h->items[i])))
            strcpy(id, h->items[i].id);
    web_unlock(h->lock);
    return found;
}

void shelf_touch(studio *s, const char *id) {
    shelf *h = s->shelf;
    web_lock(h->lock);
    item *i = id ? find_id(h, id) : NULL;
    if (i) {
        i->used = (long long)time(NULL);
        h->changed = true;
    }
    web_unlock(h->lock);
}

static int by_use(const void *a, const void *b) {
    const item *first = a, *second = b;
    return first->used != second->used ? (first->used < second->used) - (first->used > second->used)
                                       : strcmp(first->entry.path, second->entry.path);
}

bool shelf_is_empty(studio *s) {
    web_lock(s->shelf->lock);
    const bool empty = s->shelf->count == 0;
    web_unlock(s->shelf->lock);
    return empty;
}

bool shelf_is_read(studio *s) {
    web_lock(s->shelf->lock);
    const bool is = s->shelf->is_read;
    web_unlock(s->shelf->lock);
    return is;
}

json_t *shelf_json(studio *s) {
    shelf *h = s->shelf;
    json_t *images = json_array();
    web_lock(h->lock);
    for (size_t i = h->count; i-- > 0;)
        if (!is_there(&h->items[i]))
            drop(h, &h->items[i]);
    if (h->count)
        qsort(h->items, h->count, sizeof *h->items, by_use);
    for (size_t i = 0; i < h->count; i++)
        if (!h->items[i].passed_over)
            json_array_append_new(images, json_of(&h->items[i]));
    web_unlock(h->lock);
    return json_pack("{s:o}", "images", images);
}

json_t *shelf_json_of(studio *s, const char *id) {
    web_lock(s->shelf->lock);
    const item *i = find_id(s->shelf, id);
    json_t *made = i ? json_of(i) : NULL;
    web_unlock(s->shelf->lock);
    return made;
}

/* ---- changes ---- */

/* A name for people: without folders, printable, whole characters. */
static void set_name(shelf_entry *entry, const char *name) {
    for (const char *c = name; *c; c++)
        if ((*c == '/' || *c == '\\') && c[1])
            name = c + 1;
    snprintf(entry->name, sizeof entry->name, "%s", name);
    pst_make_printable(entry->name, sizeof entry->name);
}

static bool move_in(shelf *h, const char *file, const shelf_new *about, item **made) {
    char name[FOLDER_NAME_MOST];
    item new = {0};
    folder_free_name(STUDIO_SOURCES, folder_safe_name(about->name, name), NULL, NULL);
    snprintf(new.entry.path, sizeof new.entry.path, STUDIO_SOURCES "/%s", name);
    new.entry.kind = about->kind;
    new.entry.width = about->width;
    new.entry.height = about->height;
    set_name(&new.entry, about->name);
    set_sha256(&new, about->sha256);
    set_role(&new, about->role);
    if (!(*made = add(h)))
        return false;
    if (rename(file, new.entry.path) != 0) {
        h->count--;
        return false;
    }
    new.mark = file_mark_of(new.entry.path);
    **made = new;
    return true;
}

bool shelf_put(studio *s, const char *file, const shelf_new *about, char id[ID_MOST], shelf_entry *entry) {
    shelf *h = s->shelf;
    snprintf(id, ID_MOST, "%.*s", ID_MOST - 1, about->sha256);
    web_lock(h->lock);
    item *i = find_id(h, id);
    if (i && !is_same(i)) {
        drop(h, i);
        i = NULL;
    }
    const bool good = i || move_in(h, file, about, &i);
    const int why = errno;
    if (good) {
        use_again(i, about->role);
        *entry = i->entry;
        save(h);
    }
    web_unlock(h->lock);
    if (good)
        studio_tell(s, STUDIO_EVENT_SHELF, NULL);
    errno = why;
    return good;
}

json_t *shelf_kept(studio *s, const char *id) {
    web_lock(s->shelf->lock);
    const item *i = find_id(s->shelf, id);
    json_t *kept = i ? kept_of(i) : NULL;
    web_unlock(s->shelf->lock);
    return kept;
}

void shelf_drop(studio *s, const char *path) {
    shelf *h = s->shelf;
    web_lock(h->lock);
    item *i = find_path(h, path);
    if (i)
        drop(h, i);
    save(h);
    web_unlock(h->lock);
    studio_tell(s, STUDIO_EVENT_SHELF, NULL);
}

void shelf_put_back(studio *s, const json_t *kept, const char *path) {
    shelf *h = s->shelf;
    item read = {0};
    if (!read_kept(&read, kept, path))
        return; /* it will be taken as one that came by hand */
    web_lock(h->lock);
    item *old = find_path(h, path), *new = old ? old : add(h);
    if (new) {
        *new = read;
        new->mark = file_mark_of(path);
        save(h);
    }
    web_unlock(h->lock);
    studio_tell(s, STUDIO_EVENT_SHELF, NULL);
}

/* ---- what was put there by hand ---- */

static bool find_stranger(const shelf *h, char path[256], file_mark *mark) {
    path_list names = {0};
    bool found = false;
    paths_read_names(STUDIO_SOURCES, &names);
    for (size_t i = 0; i < names.count && !found; i++) {
        const char *name = names.paths[i];
        if (strlen(name) > 200 || !name_can_be_told(name) || strpbrk(name, ",*?\\") ||
            !(file_is_image(name) || file_is_style(name)))
            continue;
        snprintf(path, 256, STUDIO_SOURCES "/%s", name);
        *mark = file_mark_of(path);
        const item *known = find_path(h, path);
        found = mark->changed && !(known && mark_is(&known->mark, mark)) && file_is_beside(path, STUDIO_SOURCES "/.");
    }
    paths_free(&names);
    return found;
}

bool shelf_find_stranger(studio *s, char path[256], file_mark *mark) {
    shelf *h = s->shelf;
    web_lock(h->lock);
    const bool found = find_stranger(h, path, mark);
    h->is_read |= !found;
    if (!found && h->changed)
        save(h);
    web_unlock(h->lock);
    return found;
}

/* The lock is held. */
static void recognize(shelf *h, const char *path, const shelf_new *about) {
    item *i = find_path(h, path), *other;
    char id[ID_MOST];
    if (i && about && strcmp(i->sha256, about->sha256) == 0)
        return; /* the same bytes under a new mark */
    if (!i && !(i = add(h)))
        return;
    *i = (item){.used = (long long)time(NULL), .passed_over = true};
    snprintf(i->entry.path, sizeof i->entry.path, "%s", path);
    set_name(&i->entry, file_name(path));
    if (!about)
        return;
    snprintf(id, sizeof id, "%.*s", ID_MOST - 1, about->sha256);
    other = find_id(h, id);
    i->passed_over = other && is_same(other);
    i->entry.kind = about->kind;
    i->entry.width = about->width;
    i->entry.height = about->height;
    set_sha256(i, about->sha256);
    set_role(i, about->role);
}

void shelf_recognize(studio *s, const char *path, const file_mark *mark, const shelf_new *about) {
    shelf *h = s->shelf;
    web_lock(h->lock);
    recognize(h, path, about);
    item *i = find_path(h, path);
    if (i)
        i->mark = *mark;
    h->changed = true;
    web_unlock(h->lock);
    if (about)
        studio_tell(s, STUDIO_EVENT_SHELF, NULL);
}
