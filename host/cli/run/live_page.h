/* --web: the program's side of the live page, host/web/. Where there is none, p is NULL and nothing is done. */
#ifndef PST_CLI_RUN_LIVE_PAGE_H
#define PST_CLI_RUN_LIVE_PAGE_H

#include "cli/options/options.h"
#include "web/web.h"

typedef struct live_page live_page;

/* Serves a page if the settings want one, and prints where it is; *p is NULL if they do not. False after complaining.
 */
bool live_page_open(const settings *s, live_page **p);

/* A page that somebody else has opened, and closes after it. NULL: no memory. */
live_page *live_page_on(web *page);

/* What takes a while before the first evaluation. */
void live_page_preparing(live_page *p, const char *what);

/* Keeps small copies of the images for live_page_begin. */
void live_page_offer(live_page *p, const pst_image *content, const pst_image *const *styles, size_t style_count);

/* Before the first evaluation. */
void live_page_begin(live_page *p, const web_run *run);

/* After an evaluation: shows it. True: an image of it is wanted. */
bool live_page_evaluation(live_page *p, const pst_progress *now);
void live_page_image(live_page *p, pst_image *image);

/* True: something was asked for on the page. */
bool live_page_take(live_page *p, web_wishes *wishes);

/* What became of it. */
void live_page_note(live_page *p, web_note_kind kind, const char *text);
void live_page_weights(live_page *p, double content, double style, double tv);

/* With the result written; text is what is said of it. */
void live_page_end(live_page *p, const pst_image *image, bool stopped, const char *text);
void live_page_failed(live_page *p, const char *message);

/* Goes on serving as long as the settings want it, if all went well, and then shows the end to who looks. */
void live_page_close(live_page *p);

#endif
