/* Numbers and lists as people write and read them. */
#ifndef PST_CLI_OPTIONS_VALUES_H
#define PST_CLI_OPTIONS_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A finite decimal number and nothing else: no blanks, no hexadecimal, no "nan" or "inf", no trailing characters. */
bool value_number(const char *text, double *number);

/* A whole decimal number and nothing else; one that is too large gives the largest of its sign. */
bool value_integer(const char *text, int64_t *number);

/* A size: bytes, or with a unit behind it, "2G", "1.5GiB", "512m": K, M, G and T are powers of 1024. */
bool value_bytes(const char *text, double *bytes);

/* The same back, with the largest unit that leaves a whole number. Returns text. */
char *value_bytes_text(uint64_t bytes, char text[32]);

/* The sides of a rectangle: "1024x512", or "512" for a square. */
bool value_size(const char *text, int64_t *width, int64_t *height);

/* "1024x512", or "0" for nothing. Returns text. */
char *value_size_text(int width, int height, char text[32]);

/* Cuts a copy of the text at its commas. *parts is one allocation that free() ends, holding *count strings of at least
 * one character; NULL if a part is empty or memory is short. */
char **value_list(const char *text, size_t *count);

/* "1.5 GiB". Returns text. */
char *bytes_text(uint64_t bytes, char text[32]);

/* The ending of a regular noun after this number. */
static inline const char *plural(size_t n) { return n == 1 ? "" : "s"; }

#endif
