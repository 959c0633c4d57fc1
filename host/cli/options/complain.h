/* Lines for people on stderr, and the program's exit codes. */
#ifndef PST_CLI_OPTIONS_COMPLAIN_H
#define PST_CLI_OPTIONS_COMPLAIN_H

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,  /* a file, the device, the numbers */
    EXIT_USAGE = 2,   /* the command line makes no sense */
    EXIT_SIGNAL = 128 /* plus the signal's number */
};

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* Prints "pastiche: ..." and a newline. Every error is one such line. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
