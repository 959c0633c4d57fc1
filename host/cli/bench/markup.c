#include "cli/bench/markup.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(markup *m, size_t more) {
    if (m->failed || more > SIZE_MAX / 4 - m->length) {
        m->failed = true;
    } else if (m->length + more >= m->room) {
        size_t room = 2 * (m->length + more) + 4096;
        char *text = realloc(m->text, room);
        m->failed = text == NULL;
        if (text) {
            m->text = text;
            m->room = room;
        }
    }
    return !m->failed;
}

static void add_bytes(markup *m, const char *bytes, size_t length) {
    if (!reserve(m, length))
        return;
    memcpy(m->text + m->length, bytes, length);
    m->length += length;
    m->text[m->length] = '\0';
}

void markup_add(markup *m, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        m->failed = true;
    else if (reserve(m, (size_t)length))
        m->length += (size_t)vsnprintf(m->text + m->length, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
}

void markup_put(markup *m, const char *before, const char *text, const char *after) {
    add_bytes(m, before, strlen(before));
    while (*text) {
        size_t plain = strcspn(text, "<>&\"'");
        add_bytes(m, text, plain);
        text += plain;
        if (*text)
            markup_add(m, "&#%d;", *text++);
    }
    add_bytes(m, after, strlen(after));
}

/* A backslash makes punctuation plain; HTML, which Markdown may contain, begins with "<" or "&". Addresses are not made
 * links. */
void markdown_put(markup *m, const char *before, const char *text, const char *after) {
    add_bytes(m, before, strlen(before));
    for (; *text; text++) {
        if (strchr("<>&", *text))
            markup_add(m, "&#%d;", *text);
        else if (strchr("\\`*_{}[]()#+!|~:@", *text))
            add_bytes(m, (char[]){'\\', *text}, 2);
        else
            add_bytes(m, text, 1);
    }
    add_bytes(m, after, strlen(after));
}

void markup_free(markup *m) {
    free(m->text);
    *m = (markup){0};
}
