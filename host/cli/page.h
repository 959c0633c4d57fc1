/* --web: the program's side of the live page, host/web/. Where there is none, p is NULL and nothing is done. */
#ifndef PASTICHE_PAGE_H
#define PASTICHE_PAGE_H

#include "run.h"

/* Serves a page if the settings want one, and prints where it is; *p is NULL if they do not. False after complaining.
 */
bool page_open(const settings *s, page **p);

/* What takes a while before the first evaluation. */
void page_preparing(page *p, const char *what);

/* With the pictures still there, of which the page keeps small ones for page_begin. */
void page_offer(page *p, const run *r);

/* Before the first evaluation. */
void page_begin(page *p, const run *r);

/* After an evaluation: shows it, and does what was asked for on the page. True: to stop. */
bool page_evaluation(page *p, run *r, const pst_progress *now);

/* With the result written; text is what is said of it. */
void page_end(page *p, run *r, bool stopped, const char *text);
void page_failed(page *p, const char *message);

/* Goes on serving as long as the settings want it, if all went well, and then shows the end to who looks. */
void page_close(page *p);

#endif
