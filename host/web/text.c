#include "web/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(web_text *text, size_t more) {
    if (text->failed)
        return false;
    if (text->length + more + 1 <= text->capacity)
        return true;
    size_t capacity = 2 * (text->length + more) + 256;
    char *data = realloc(text->data, capacity);
    text->failed = !data;
    if (data) {
        text->data = data;
        text->capacity = capacity;
    }
    return data != NULL;
}

void web_text_add(web_text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

/* < is escaped too, so that no text can end a script should anyone ever put one into a page. */
void web_text_string(web_text *text, const char *value) {
    if (!value) {
        web_text_add(text, "null");
        return;
    }
    web_text_add(text, "\"");
    while (*value) {
        size_t plain = 0;
        while ((unsigned char)value[plain] >= 32 && !strchr("\"\\<\x7f", value[plain]))
            plain++;
        web_text_add(text, "%.*s", (int)plain, value);
        value += plain;
        if (*value)
            web_text_add(text, "\\u%04x", (unsigned char)*value++);
    }
    web_text_add(text, "\"");
}

void web_text_number(web_text *text, double value, int digits) {
    if (isfinite(value))
        web_text_add(text, "%.*g", digits, value);
    else
        web_text_add(text, "null");
}
