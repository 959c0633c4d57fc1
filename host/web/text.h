/* Text that grows, and the few things that JSON needs. */
#ifndef PST_WEB_TEXT_H
#define PST_WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define WEB_PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define WEB_PRINTF_LIKE(text, first)
#endif

/* Begins as zeros; free(data). What no memory was left for is missing, and `failed` says so. */
typedef struct web_text {
    char *data;
    size_t length, capacity;
    bool failed;
} web_text;

void web_text_add(web_text *text, const char *format, ...) WEB_PRINTF_LIKE(2, 3);

/* In quotes, with all escapes; NULL is null. */
void web_text_string(web_text *text, const char *value);

/* With so many digits; null where it is not finite. */
void web_text_number(web_text *text, double value, int digits);

#endif
