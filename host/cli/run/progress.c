#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE /* for the size of the window */

#include "cli/run/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ranks/world.h"
#ifdef _WIN32
#include <io.h>
#else
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#define REDRAW_SECONDS 0.1
#define SLOW_SECONDS 2 /* an evaluation: its tiles are told */
enum { BAR_MOST = 30, BAR_LEAST = 5 };

static bool can_redraw(void) {
#ifdef _WIN32
    return _isatty(_fileno(stderr)) != 0;
#else
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
#endif
}

/* A line that reaches the last column wraps, and could not be taken back; so one less. */
static int usable_columns(void) {
    int columns = 80;
#ifdef TIOCGWINSZ
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        columns = window.ws_col;
#endif
    return columns - 1;
}

void progress_begin(progress *p, bool quiet, int print_every) {
    if (world_rank() > 0) { /* people read the first one's */
        quiet = true;
        print_every = 0;
    }
    *p = (progress){.quiet = quiet, .terminal = !quiet && can_redraw(), .print_every = print_every};
}

/* Blanks instead of an escape sequence: every terminal knows them. */
void progress_clear(progress *p) {
    if (p->drawn)
        fprintf(stderr, "\r%*s\r", p->drawn, "");
    p->drawn = 0;
}

static void draw(progress *p, const char *line) {
    int columns = usable_columns(), length = (int)strlen(line);
    if (columns < 1)
        return;
    if (length > columns)
        length = columns;
    int rest = p->drawn > length ? p->drawn - length : 0;
    fprintf(stderr, "\r%.*s%*s", length, line, rest, "");
    for (; rest > 0; rest--)
        fputc('\b', stderr);
    fflush(stderr);
    p->drawn = length;
}

void progress_say(progress *p, const char *format, ...) {
    if (p->quiet)
        return;
    progress_clear(p);
    va_list arguments;
    va_start(arguments, format);
    complain_list(format, arguments);
    va_end(arguments);
}

void progress_wait(progress *p, const char *what) {
    if (p->terminal)
        draw(p, what);
}

static void draw_part(progress *p, double part, const char *text);

void progress_step(progress *p, int done, int total, const char *what) {
    if (p->terminal)
        draw_part(p, total > 0 ? (double)done / total : 0, what);
}

char *progress_time(double seconds, char text[32]) {
    if (!(seconds >= 0 && seconds < 3.6e8)) {
        strcpy(text, "-:--");
        return text;
    }
    long whole = (long)(seconds + .5), hours = whole / 3600, minutes = whole / 60 % 60;
    if (hours)
        snprintf(text, 32, "%ld:%02ld:%02ld", hours, minutes, whole % 60);
    else
        snprintf(text, 32, "%ld:%02ld", minutes, whole % 60);
    return text;
}

static double shown_loss(const progress *p, const pst_progress *now) {
    double loss = now->loss;
    for (size_t i = 0; i < now->term_count && p->hides_smoothness; i++)
        loss -= strcmp(now->terms[i].name, "tv") == 0 ? now->terms[i].value : 0;
    return loss;
}

/* "120/1000  362x271  loss 1.69e+06  1.12 it/s  12:45 left", the size where it changes, and of several runs with "3 of
 * 12" before it; a slow device is told in seconds an iteration. */
static void describe(const progress *p, const pst_progress *now, char *text, size_t size) {
    char left[32], scale[32] = "", pace[32] = "", item[32] = "";
    double seconds = now->seconds - p->scale_seconds;
    if (now->iteration > p->scale_iteration && seconds > 0) {
        double rate = (now->iteration - p->scale_iteration) / seconds, shown = rate < 1 ? 1 / rate : rate;
        snprintf(pace, sizeof pace, "  %.*f %s",
                 shown < 10    ? 2
                 : shown < 100 ? 1
                               : 0,
                 shown, rate < 1 ? "s/it" : "it/s");
    }
    if (p->items > 0)
        snprintf(item, sizeof item, "%d of %d  ", p->item, p->items);
    if (now->scale_count > 1)
        snprintf(scale, sizeof scale, "  %dx%d", now->width, now->height);
    snprintf(text, size, "%s%d/%d%s  loss %.3g%s  %s left", item, now->iteration, now->iterations, scale, p->loss, pace,
             progress_time(now->seconds_left, left));
}

static void draw_part(progress *p, double part, const char *text) {
    char bar[BAR_MOST + 1] = "", line[256];
    int width = usable_columns() - (int)strlen(text) - 3;
    if (width > BAR_MOST)
        width = BAR_MOST;
    if (width < BAR_LEAST) {
        draw(p, text);
        return;
    }
    memset(bar, '.', (size_t)width);
    memset(bar, '#', (size_t)(width * part));
    snprintf(line, sizeof line, "[%s] %.200s", bar, text);
    draw(p, line);
}

static void draw_bar(progress *p, const pst_progress *now) {
    describe(p, now, p->line, sizeof p->line);
    draw_part(p, now->seconds_left >= 0 ? now->seconds / (now->seconds + now->seconds_left) : 0, p->line);
    p->drawn_at = now->seconds;
}

void progress_tiles(progress *p, const pst_tile_progress *now) {
    char text[200];
    if (!p->terminal || now->seconds - p->evaluated_at < SLOW_SECONDS || now->seconds - p->drawn_at < REDRAW_SECONDS)
        return;
    if (now->iteration > 1)
        snprintf(text, sizeof text, "%s  tile %d/%d", p->line, now->tiles, now->tile_count);
    else
        snprintf(text, sizeof text, "first evaluation  tile %d/%d", now->tiles, now->tile_count);
    draw_part(p, (double)now->tiles / now->tile_count, text);
    p->drawn_at = now->seconds;
}

void progress_update(progress *p, const pst_progress *now) {
    if (now->notice)
        progress_say(p, "%s", now->notice);
    p->loss = shown_loss(p, now);
    p->evaluated_at = now->seconds;
    if (p->scale != now->scale ||
        now->iteration <= 1) { /* the first evaluation of a scale has waited for its targets: it tells no pace */
        p->scale = now->scale;
        p->scale_iteration = now->iteration;
        p->scale_seconds = now->seconds;
    }
    if (p->quiet || now->iteration < 1)
        return;
    bool last = now->iteration >= now->iterations;
    if (p->terminal) {
        if (now->iteration == 1 || last || p->drawn == 0 || now->seconds - p->drawn_at >= REDRAW_SECONDS)
            draw_bar(p, now);
    } else if (p->print_every > 0 && (now->iteration % p->print_every == 0 || now->iteration == 1 || last)) {
        char text[160];
        describe(p, now, text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
}
