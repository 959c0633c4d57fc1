/* Lines for people, printable whatever names and texts are in them, and the program's exit codes. */
#ifndef PST_CLI_OPTIONS_COMPLAIN_H
#define PST_CLI_OPTIONS_COMPLAIN_H

#include <stdarg.h>
#include <stdbool.h>

#include "package/compiler.h"

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,  /* a file, the device, the numbers */
    EXIT_USAGE = 2,   /* the command line makes no sense */
    EXIT_SIGNAL = 128 /* plus the signal's number */
};

/* Prints "pastiche: ..." and a newline. Every error is one such line. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);
void complain_list(const char *format, va_list arguments) PRINTF_LIKE(1, 0);

/* From now on the lines begin with the name of this file, in which the fault is; NULL: no longer. */
void complain_about(const char *file);

/* For a process that is not the only one: from now on every line names it (NULL: no longer). And what is complained
 * about is only kept, the last line of it, until someone knows whether it is to be told. */
void complain_as(const char *name);
void complain_hold(bool hold);
const char *complain_held(void);

/* The same on stdout and without "pastiche: ", for what a command was asked to print. */
void print_line(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
