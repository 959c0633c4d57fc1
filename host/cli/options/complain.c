#include "cli/options/complain.h"

#include <stdio.h>

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain_list(format, arguments);
    va_end(arguments);
}

void complain_list(const char *format, va_list arguments) {
    fputs("pastiche: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}
