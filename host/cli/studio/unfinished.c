/* Placeholders of what is not there yet. */
#include "cli/studio/gallery.h"
#include "cli/studio/librarian.h"
#include "cli/studio/networks.h"
#include "cli/studio/sheets.h"
#include "cli/studio/shelf.h"
#define W __attribute__((weak))
#define P(n)                     \
    W bool n##_open(studio *s) { \
        (void)s;                 \
        return true;             \
    }                            \
    W void n##_close(studio *s) { (void)s; }
P(gallery) P(networks) P(sheets) P(shelf) static pst_context *lib;
static web_monitor *m;
W bool librarian_open(studio *s) {
    (void)s;
    pst_context_options w;
    pst_context_options_init(&w, sizeof w);
    w.device = "none";
    m = web_monitor_create();
    return pst_context_create(&w, &lib) == PST_OK;
}
W void librarian_close(studio *s) { (void)s; }
W pst_context *librarian_take(studio *s) {
    (void)s;
    web_lock(m);
    return lib;
}
W void librarian_give(studio *s) {
    (void)s;
    web_unlock(m);
}
W json_t *networks_json(studio *s) {
    (void)s;
    return json_array();
}
W bool shelf_is_empty(studio *s) {
    (void)s;
    return true;
}
W void shelf_touch(studio *s, const char *id) {
    (void)s;
    (void)id;
}
#include <stdio.h>
W bool shelf_find(studio *s, const char *id, shelf_entry *e) {
    (void)s;
    if (!id)
        return false;
    *e = (shelf_entry){.kind = SHELF_IMAGE, .width = 80, .height = 60};
    snprintf(e->path, sizeof e->path, "sources/%s", id);
    snprintf(e->name, sizeof e->name, "%s", id);
    return true;
}
#define H(n)                                               \
    W void n(studio *s, const web_call *c, web_reply *r) { \
        (void)s;                                           \
        studio_unknown(c, r);                              \
    }
H(shelf_answer)
H(demo_answer) H(gallery_answer) H(from_record_answer) H(trash_answer) H(networks_answer) H(sheets_answer)
