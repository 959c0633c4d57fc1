#include "cli/options/complain.h"

#include <stdio.h>
#include <string.h>

#include "package/printable.h"

enum { LINE_MOST = 16384 };

static void print_to(FILE *stream, const char *before, const char *format, va_list arguments) PRINTF_LIKE(3, 0);

/* Each thread has its own: the studio's server checks options while a run complains. */
static _Thread_local const char *about, *process;
static _Thread_local bool holds;
static _Thread_local char held[LINE_MOST];

void complain_about(const char *file) { about = file; }

void complain_as(const char *name) { process = name; }

void complain_hold(bool hold) {
    holds = hold;
    if (hold)
        held[0] = '\0';
}

const char *complain_held(void) { return held; }

static void print_to(FILE *stream, const char *before, const char *format, va_list arguments) {
    char line[LINE_MOST];
    int begin = about ? snprintf(line, sizeof line / 2, "%s: ", about) : 0;
    begin = begin < 0 || begin >= LINE_MOST / 2 ? 0 : begin;
    if (vsnprintf(line + begin, sizeof line - (size_t)begin, format, arguments) < 0)
        line[begin] = '\0';
    pst_make_printable(line, sizeof line);
    if (holds && stream == stderr)
        memcpy(held, line, sizeof held);
    else
        fprintf(stream, "%s%s%s%s\n", before, process && stream == stderr ? process : "",
                process && stream == stderr ? ": " : "", line);
}

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain_list(format, arguments);
    va_end(arguments);
}

void complain_list(const char *format, va_list arguments) { print_to(stderr, "pastiche: ", format, arguments); }

void print_line(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_to(stdout, "", format, arguments);
    va_end(arguments);
}
