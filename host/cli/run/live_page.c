#include "cli/run/live_page.h"

#include <stdlib.h>

#include "cli/options/complain.h"
#include "cli/ranks/world.h"
#include "cli/run/signals.h"

struct live_page {
    web *web;
    bool waits; /* after a run that went well */
    bool stays;
    bool foreign; /* somebody else closes it */
};

bool live_page_open(const settings *s, live_page **p) {
    char message[512] = "no memory left";
    *p = NULL;
    if (!s->web || s->plan || world_rank() > 0)
        return true;
    live_page *made = calloc(1, sizeof *made);
    if (made)
        made->web = web_open(s->web_address, s->web_port < 0 ? WEB_PORT_NICE : s->web_port, NULL, message);
    if (!made || !made->web) {
        complain("%s", message);
        free(made);
        return false;
    }
    made->waits = s->web_wait;
    if (made->waits)
        web_will_stay(made->web);
    *p = made;
    complain("live page: %s", web_url(made->web)); /* with --quiet too: nobody could guess it */
    return true;
}

live_page *live_page_on(web *page) {
    live_page *made = calloc(1, sizeof *made);
    if (made)
        *made = (live_page){.web = page, .foreign = true};
    return made;
}

void live_page_preparing(live_page *p, const char *what) {
    if (p)
        web_preparing(p->web, what);
}

void live_page_offer(live_page *p, const pst_image *content, const pst_image *const *styles, size_t style_count) {
    if (p)
        web_sources(p->web, content, styles, style_count);
}

void live_page_begin(live_page *p, const web_run *run) {
    if (p)
        web_begin(p->web, run);
}

bool live_page_evaluation(live_page *p, const pst_progress *now) { return p && web_evaluation(p->web, now); }

void live_page_image(live_page *p, pst_image *image) {
    if (p)
        web_image(p->web, image);
}

bool live_page_take(live_page *p, web_wishes *wishes) { return p && web_take(p->web, wishes); }

void live_page_note(live_page *p, web_note_kind kind, const char *text) {
    if (p)
        web_note(p->web, kind, "%s", text);
}

void live_page_weights(live_page *p, double content, double style, double tv) {
    if (!p)
        return;
    web_weights(p->web, content, style, tv);
    web_note(p->web, WEB_NOTE_WEIGHTS, "content %.4g, style %.4g, smoothness %.4g", content, style, tv);
}

void live_page_end(live_page *p, const pst_image *image, bool stopped, const char *text) {
    if (!p)
        return;
    web_end(p->web, stopped ? WEB_STOPPED : WEB_DONE, text, image);
    p->stays = p->waits;
}

void live_page_failed(live_page *p, const char *message) {
    if (!p)
        return;
    web_end(p->web, WEB_FAILED, message, NULL);
    p->stays = false;
}

static bool is_over(void) { return signals_caught() != 0; }

void live_page_close(live_page *p) {
    if (!p)
        return;
    if (p->stays && !is_over()) {
        complain("the page stays at %s; its button or Ctrl-C ends the program", web_url(p->web));
        web_stay(p->web, is_over);
    }
    if (!p->foreign)
        web_close(p->web);
    free(p);
}
