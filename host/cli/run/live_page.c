#include "cli/run/live_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/run/signals.h"
#include "web/web.h"

struct live_page {
    web *web;
    bool stays;
};

bool live_page_open(const settings *s, live_page **p) {
    char message[512] = "no memory left";
    *p = NULL;
    if (!s->web || s->plan)
        return true;
    live_page *made = calloc(1, sizeof *made);
    if (made)
        made->web = web_open(s->web_address, s->web_port < 0 ? WEB_PORT_NICE : s->web_port, message);
    if (!made || !made->web) {
        complain("%s", message);
        free(made);
        return false;
    }
    if (s->web_wait)
        web_will_stay(made->web);
    *p = made;
    complain("see it grow: %s", web_url(made->web)); /* with --quiet too: nobody could guess it */
    return true;
}

void live_page_preparing(live_page *p, const char *what) {
    if (p)
        web_preparing(p->web, what);
}

void live_page_offer(live_page *p, const run *r) {
    if (p)
        web_sources(p->web, r->content, (const pst_image *const *)r->styles, r->settings->style_count);
}

void live_page_begin(live_page *p, const run *r) {
    if (!p)
        return;
    const settings *s = r->settings;
    const pst_plan *plan = pst_job_plan(r->job);
    double content, style, tv; /* a resumed run may have others than the settings */
    pst_job_weights(r->job, &content, &style, &tv);
    const char **names = malloc((s->style_count + 1) * sizeof *names);
    for (size_t i = 0; names && i < s->style_count; i++)
        names[i] = file_name(s->styles[i]);
    web_begin(p->web, &(web_run){.content_name = file_name(s->content),
                                 .style_names = names,
                                 .style_count = names ? s->style_count : 0,
                                 .output = r->result ? r->title : s->output,
                                 .device = r->invocation->device.name,
                                 .network = file_name(r->invocation->model),
                                 .content_weight = content,
                                 .style_weight = style,
                                 .tv_weight = tv,
                                 .width = plan->width,
                                 .height = plan->height,
                                 .iterations = s->transfer.iterations});
    free(names);
}

static void show(live_page *p, run *r) {
    pst_image *image;
    if (pst_job_result(r->job, &image) == PST_OK)
        web_image(p->web, image);
    pst_image_destroy(image);
}

static void keep(live_page *p, run *r, const pst_progress *now) {
    char *path, why[512];
    bool good = run_write_numbered(r, now->iteration, &path, why);
    web_note(p->web, good ? WEB_NOTE_KEPT : WEB_NOTE_PROBLEM, "%s", good ? path : why);
    if (good)
        progress_say(&r->invocation->report, "%s: kept", path);
    free(path);
}

static void set_weights(live_page *p, run *r, const web_wishes *wishes) {
    double content = wishes->content_weight, style = wishes->style_weight, tv = wishes->tv_weight;
    if (pst_job_set_weights(r->job, content, style, tv) != PST_OK) {
        web_note(p->web, WEB_NOTE_PROBLEM, "%s", pst_context_message(r->invocation->context));
        return;
    }
    log_weights(&r->log, content, style, tv);
    web_weights(p->web, content, style, tv);
    web_note(p->web, WEB_NOTE_WEIGHTS, "content %.4g, style %.4g, smoothness %.4g", content, style, tv);
    progress_say(&r->invocation->report, "from here on --content-weight %.9g --style-weight %.9g --tv-weight %.9g",
                 content, style, tv);
}

bool live_page_evaluation(live_page *p, run *r, const pst_progress *now) {
    if (!p)
        return false;
    web_wishes wishes;
    if (web_evaluation(p->web, now))
        show(p, r);
    if (!web_take(p->web, &wishes))
        return false;
    if (wishes.keep)
        keep(p, r, now);
    if (wishes.weights && !wishes.stop)
        set_weights(p, r, &wishes);
    return wishes.stop;
}

void live_page_end(live_page *p, run *r, bool stopped, const char *text) {
    if (!p)
        return;
    pst_image *image;
    pst_status status = pst_job_result(r->job, &image);
    web_end(p->web, stopped ? WEB_STOPPED : WEB_DONE, text, status == PST_OK ? image : NULL);
    pst_image_destroy(image);
    p->stays = r->settings->web_wait;
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
    web_close(p->web);
    free(p);
}
