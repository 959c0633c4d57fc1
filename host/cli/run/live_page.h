/* --web: the program's side of the live page, host/web/. Where there is none, p is NULL and nothing is done. */
#ifndef PST_CLI_RUN_LIVE_PAGE_H
#define PST_CLI_RUN_LIVE_PAGE_H

#include "cli/run/run.h"

/* Serves a page if the settings want one, and prints where it is; *p is NULL if they do not. False after complaining.
 */
bool live_page_open(const settings *s, live_page **p);

/* What takes a while before the first evaluation. */
void live_page_preparing(live_page *p, const char *what);

/* With the images still there, of which the page keeps small ones for page_begin. */
void live_page_offer(live_page *p, const run *r);

/* Before the first evaluation. */
void live_page_begin(live_page *p, const run *r);

/* After an evaluation: shows it, and does what was asked for on the page. True: to stop. */
bool live_page_evaluation(live_page *p, run *r, const pst_progress *now);

/* With the result written; text is what is said of it. */
void live_page_end(live_page *p, run *r, bool stopped, const char *text);
void live_page_failed(live_page *p, const char *message);

/* Goes on serving as long as the settings want it, if all went well, and then shows the end to who looks. */
void live_page_close(live_page *p);

#endif
