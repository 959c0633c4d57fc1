#define _XOPEN_SOURCE 700
#include "program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "fuzz.h"

unsigned fuzz_complaints;

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain_list(format, arguments);
    va_end(arguments);
}

void complain_list(const char *format, va_list arguments) {
    char line[16384];
    int length = vsnprintf(line, sizeof line, format, arguments);
    FUZZ_PROMISE(length > 0);
    fuzz_complaints++;
}

void complain_as(const char *name) { (void)name; }

void complain_hold(bool hold) { (void)hold; }

const char *complain_held(void) { return ""; }

void print_line(const char *format, ...) {
    char line[16384];
    va_list arguments;
    va_start(arguments, format);
    FUZZ_PROMISE(vsnprintf(line, sizeof line, format, arguments) >= 0);
    va_end(arguments);
}

void fuzz_program_begin(void) {
    static const char *const files[] = {"a.png", "b.jpg", "c,d.png", "e.style"};
    static int begun;
    if (begun++)
        return;
    fuzz_folder();
    FUZZ_PROMISE(freopen("/dev/null", "w", stdout)); /* of what the program prints without print_line */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        fuzz_file(files[i], "", 0);
    setenv("HOME", ".", 1);
    setenv("PASTICHE_CATALOGUE", "", 1);
    unsetenv("PASTICHE_MODEL");
    unsetenv("PASTICHE_DEVICE");
    unsetenv("PASTICHE_CHOICES");
}
