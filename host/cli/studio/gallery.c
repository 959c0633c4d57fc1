#include "cli/studio/gallery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/paths.h"
#include "cli/run/record.h"
#include "cli/studio/librarian.h"
#include "cli/studio/names.h"
#include "cli/studio/places.h"
#include "cli/studio/record_summary.h"
#include "cli/studio/sheets.h"
#include "cli/studio/shelf_intake.h"
#include "cli/studio/thumbs.h"
#include "cli/studio/trash.h"

#define LOOK_SECONDS 2.0 /* from one look into the folder to the next */

enum {
    AHEAD_MOST = 300, /* of so many results copies are made before anybody asks */
    AT_ONCE_MOST = 4, /* of so few before the list is answered */
    TOLD_TOGETHER = 60
};

typedef struct item {
    char *name;
    file_mark mark;
    json_t *summary;   /* of the record; null where there is none, NULL before somebody has looked */
    int width, height; /* 0 where it cannot be read, and before somebody has looked */
    bool looked;       /* at the pixels */
} item;

typedef struct gallery {
    web_monitor *lock;
    item *items; /* by name */
    size_t count;
    bool changed; /* STUDIO_GALLERY is to be written */
    bool news;    /* pages are to be told */
    bool ending;
    web_thread *thread;
} gallery;

/* ---- the list; the lock is held ---- */

static int by_name(const void *a, const void *b) { return strcmp(((const item *)a)->name, ((const item *)b)->name); }

static int by_age(const void *a, const void *b) {
    const item *first = *(item *const *)a, *second = *(item *const *)b;
    return first->mark.changed != second->mark.changed
               ? (first->mark.changed < second->mark.changed) - (first->mark.changed > second->mark.changed)
               : strcmp(first->name, second->name);
}

static item *find(const gallery *g, const char *name) {
    char *same = (char *)(size_t)name; /* which is only compared */
    const item wanted = {.name = same};
    return g->count ? bsearch(&wanted, g->items, g->count, sizeof *g->items, by_name) : NULL;
}

static item *find_marked(const gallery *g, const char *name, const file_mark *mark) {
    item *i = find(g, name);
    return i && mark_is(&i->mark, mark) ? i : NULL;
}

static void replace(gallery *g, item *items, size_t count) {
    for (size_t i = 0; i < g->count; i++) {
        free(g->items[i].name);
        json_decref(g->items[i].summary);
    }
    free(g->items);
    g->items = items;
    g->count = count;
    if (count)
        qsort(items, count, sizeof *items, by_name);
}

/* Images of the folder itself, not those of folders in it. A link must not lead out of it. */
static bool is_result(const gallery *g, const char *name, file_mark *mark) {
    if (!file_is_image(name) || !name_can_be_told(name))
        return false;
    *mark = file_mark_of(name);
    return mark->changed && (find_marked(g, name, mark) || file_is_beside(name, STUDIO_OWN));
}

/* Makes the list anew from the folder, with what is known of files that are as they were. */
static void scan(gallery *g) {
    path_list names = {0};
    size_t count = 0, kept = 0;
    paths_read_names(".", &names);
    item *items = calloc(names.count + 1, sizeof *items);
    for (size_t i = 0; items && i < names.count; i++) {
        file_mark mark;
        if (!is_result(g, names.paths[i], &mark))
            continue;
        item *new = &items[count++], *old = find_marked(g, names.paths[i], &mark);
        if (old) {
            *new = *old;
            old->summary = NULL;
            kept++;
        }
        new->name = names.paths[i];
        new->mark = mark;
        names.paths[i] = NULL;
    }
    if (items) {
        const bool differs = kept != count || kept != g->count;
        g->changed |= differs;
        g->news |= differs;
        replace(g, items, count);
    }
    paths_free(&names);
}

/* All, the newest first; the caller frees the list. NULL: no memory. */
static item **sorted(const gallery *g) {
    item **list = calloc(g->count + 1, sizeof *list);
    for (size_t i = 0; list && i < g->count; i++)
        list[i] = &g->items[i];
    if (list && g->count)
        qsort(list, g->count, sizeof *list, by_age);
    return list;
}

/* ---- what files tell ---- */

/* A file as it was in the list, for who looks at it without the lock. */
typedef struct copy {
    char name[1024];
    file_mark mark;
} copy;

static void take_copy(const item *i, copy *c) {
    snprintf(c->name, sizeof c->name, "%s", i->name);
    c->mark = i->mark;
}

static void note_summary(gallery *g, const copy *c) {
    web_lock(g->lock);
    item *i = find_marked(g, c->name, &c->mark);
    const bool wanted = i && !i->summary;
    web_unlock(g->lock);
    json_t *summary = wanted ? record_summary(c->name) : NULL;
    web_lock(g->lock);
    i = wanted ? find_marked(g, c->name, &c->mark) : NULL;
    if (i && !i->summary) {
        i->summary = summary;
        summary = NULL;
        g->changed = true;
    }
    web_unlock(g->lock);
    json_decref(summary);
}

void gallery_note_size(studio *s, const char *name, const file_mark *mark, int width, int height) {
    gallery *g = s->gallery;
    web_lock(g->lock);
    item *i = find_marked(g, name, mark);
    if (i && !i->looked) {
        i->looked = g->changed = true;
        i->width = width;
        i->height = height;
    }
    web_unlock(g->lock);
}

/* ---- answers ---- */

bool gallery_has(studio *s, const char *name) {
    gallery *g = s->gallery;
    web_lock(g->lock);
    if (!find(g, name))
        scan(g);
    const bool found = find(g, name) && file_mark_of(name).changed;
    web_unlock(g->lock);
    return found;
}

static json_t *json_of(const item *i) {
    return json_pack(
        "{s:s, s:o, s:o, s:I, s:I, s:o}", "name", i->name, "width", i->width ? json_integer(i->width) : json_null(),
        "height", i->height ? json_integer(i->height) : json_null(), "bytes", (json_int_t)i->mark.bytes, "made",
        (json_int_t)(i->mark.changed / 1000000000), "summary", i->summary ? json_deep_copy(i->summary) : json_null());
}

/* The size too where another one has made the copy. */
static void look_at(studio *s, const copy *c) {
    thumb made;
    pst_image *image = NULL;
    note_summary(s->gallery, c);
    if (thumbs_get(s, c->name, &c->mark, THUMB_SIDE, &made) && !made.width) {
        if (pst_image_read(librarian_take(s), c->name, &image) == PST_OK) {
            made.width = pst_image_width(image);
            made.height = pst_image_height(image);
        }
        pst_image_destroy(image);
        librarian_give(s);
    }
    gallery_note_size(s, c->name, &c->mark, made.width, made.height);
}

/* Copies of those from `from` on of which not all is known. The lock is held. */
static size_t list_unknown(item **list, size_t from, size_t end, copy *unknown) {
    size_t count = 0;
    for (size_t i = from; i < end; i++)
        if (!list[i]->summary || !list[i]->looked)
            take_copy(list[i], &unknown[count++]);
    return count;
}

/* Of a few all, as after a run; of many only what costs little. */
static void learn(studio *s, const copy *unknown, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (count <= AT_ONCE_MOST)
            look_at(s, &unknown[i]);
        else
            note_summary(s->gallery, &unknown[i]);
}

json_t *gallery_json(studio *s, size_t from, size_t count) {
    gallery *g = s->gallery;
    json_t *results = json_array();
    copy *unknown = calloc(count + 1, sizeof *unknown);
    size_t unknowns = 0, total = 0;
    for (int round = 0; round < 2 && unknown; round++) { /* first to find out what is to be read, then to tell it */
        web_lock(g->lock);
        if (round == 0)
            scan(g);
        total = g->count;
        const size_t begin = from < total ? from : total, end = count < total - begin ? begin + count : total;
        item **list = sorted(g);
        if (list && round == 0)
            unknowns = list_unknown(list, begin, end, unknown);
        for (size_t i = begin; list && round == 1 && i < end; i++)
            json_array_append_new(results, json_of(list[i]));
        web_unlock(g->lock);
        free(list);
        if (round == 0)
            learn(s, unknown, unknowns);
    }
    free(unknown);
    return json_pack("{s:I, s:o}", "total", (json_int_t)total, "results", results);
}

/* ---- the index ---- */

/* If something has changed. */
static void save(gallery *g) {
    json_t *results = json_array(), *root = json_pack("{s:o}", "results", results);
    web_lock(g->lock);
    const bool changed = g->changed;
    for (size_t i = 0; i < g->count && changed; i++) {
        json_t *kept = json_of(&g->items[i]);
        json_object_set_new(kept, "looked", json_boolean(g->items[i].looked));
        if (!g->items[i].summary)
            json_object_del(kept, "summary");
        mark_keep(&g->items[i].mark, kept);
        json_array_append_new(results, kept);
    }
    g->changed = false;
    web_unlock(g->lock);
    char *text = root && changed ? json_dumps(root, JSON_COMPACT) : NULL;
    if (text)
        pst_file_write(NULL, STUDIO_GALLERY, text, strlen(text));
    free(text);
    json_decref(root);
}

static int size_kept(const json_t *kept, const char *key) {
    const json_int_t size = json_integer_value(json_object_get(kept, key));
    return size > 0 && size <= 65535 ? (int)size : 0;
}

static void load(gallery *g) {
    json_t *root = folder_read_list(STUDIO_GALLERY, "results", "all results are looked at anew"),
           *list = json_object_get(root, "results"), *kept;
    size_t i, count = 0;
    item *items = calloc(json_array_size(list) + 1, sizeof *items);
    json_array_foreach(list, i, kept) {
        const char *name = record_text_of(kept, "name");
        item *new = &items[count];
        if (!items || !(new->name = malloc(strlen(name) + 1)))
            break;
        strcpy(new->name, name);
        new->mark = mark_kept(kept);
        new->summary = json_incref(json_object_get(kept, "summary"));
        new->width = size_kept(kept, "width");
        new->height = size_kept(kept, "height");
        new->looked = json_is_true(json_object_get(kept, "looked"));
        count++;
    }
    if (items)
        replace(g, items, count);
    json_decref(root);
}

/* ---- the thread ---- */

/* The newest of which something is not known; false: there is none. */
static bool find_work(gallery *g, copy *c) {
    web_lock(g->lock);
    item **list = sorted(g);
    bool found = false;
    for (size_t i = 0; list && i < g->count && i < AHEAD_MOST && !found; i++)
        if ((found = !list[i]->looked || !list[i]->summary))
            take_copy(list[i], c);
    free(list);
    web_unlock(g->lock);
    return found;
}

/* Looks into the folder, which may hold very many files, and tells pages what is new. How long to wait for the next
 * look. */
static double look_around(studio *s) {
    gallery *g = s->gallery;
    const double begun = web_clock();
    web_lock(g->lock);
    scan(g);
    const bool news = g->news;
    g->news = false;
    web_unlock(g->lock);
    if (news)
        studio_tell(s, STUDIO_EVENT_RESULTS, NULL);
    const double pause = 50 * (web_clock() - begun);
    return pause > LOOK_SECONDS ? pause : LOOK_SECONDS;
}

static bool is_ending(gallery *g, double wait) {
    web_lock(g->lock);
    if (!g->ending && wait > 0)
        web_wait(g->lock, wait);
    const bool ending = g->ending;
    web_unlock(g->lock);
    return ending;
}

static void run(void *self) {
    studio *s = self;
    gallery *g = s->gallery;
    copy c;
    double next = 0;
    int looked = 0; /* since pages were told */
    trash_clean();
    sheets_clean(s);
    while (!is_ending(g, 0)) {
        if (web_clock() >= next)
            next = web_clock() + look_around(s);
        const bool works = find_work(g, &c);
        if (looked >= (works ? TOLD_TOGETHER : 1)) {
            studio_tell(s, STUDIO_EVENT_RESULTS, NULL);
            looked = 0;
        }
        if (works) {
            look_at(s, &c);
            looked++;
        } else if (!intake_adopt(s)) {
            save(g);
            is_ending(g, next - web_clock());
        }
    }
}

bool gallery_open(studio *s) {
    gallery *g = s->gallery = calloc(1, sizeof *g);
    if (!g || !(g->lock = web_monitor_create())) {
        complain("no memory left");
        return false;
    }
    thumbs_clean();
    load(g);
    scan(g);
    g->news = false;
    return true;
}

bool gallery_begin(studio *s) {
    s->gallery->thread = web_thread_start(run, s);
    if (!s->gallery->thread)
        complain("no memory left");
    return s->gallery->thread;
}

void gallery_end(studio *s) {
    gallery *g = s->gallery;
    if (!g || !g->thread)
        return;
    web_lock(g->lock);
    g->ending = true;
    web_tell(g->lock);
    web_unlock(g->lock);
    web_thread_join(g->thread);
    g->thread = NULL;
    save(g);
}

void gallery_close(studio *s) {
    gallery *g = s->gallery;
    if (!g)
        return;
    replace(g, NULL, 0);
    web_monitor_destroy(g->lock);
    free(g);
    s->gallery = NULL;
}
