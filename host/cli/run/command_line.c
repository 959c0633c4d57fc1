#include "cli/run/command_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void line_add(command_line *line, const char *name, const char *value) {
    size_t size = (name ? strlen(name) + 3 : 0) + (value ? strlen(value) : 0) + 1;
    char **longer = realloc(line->words, ((size_t)line->count + 2) * sizeof *longer);
    line->words = longer ? longer : line->words;
    char *word = longer ? malloc(size) : NULL;
    if (!word) {
        line->short_of_memory = true;
        return;
    }
    snprintf(word, size, "%s%s%s%s", name ? "--" : "", name ? name : "", name && value ? "=" : "", value ? value : "");
    line->words[line->count++] = word;
    line->words[line->count] = NULL;
}

void line_free(command_line *line) {
    for (int i = 0; i < line->count; i++)
        free(line->words[i]);
    free(line->words);
    *line = (command_line){0};
}

/* Copies a word as a shell reads it, with a blank before it; how many bytes that are. to NULL: only counts. */
static size_t quote(char *to, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/=,:+-";
    const size_t length = strlen(word);
    const bool bare = length > 0 && strspn(word, plain) == length;
    size_t used = 0;
    char ignored;
#define PUT(c) (*(to ? to + used : &ignored) = (c), used++)
    PUT(' ');
    if (!bare)
        PUT('\'');
    for (const char *c = word; *c; c++) {
        if (*c == '\'') { /* ends the quotation, stands alone, begins another one */
            PUT('\''), PUT('\\'), PUT('\'');
        }
        PUT(*c);
    }
    if (!bare)
        PUT('\'');
#undef PUT
    return used;
}

char *line_text(const command_line *line) {
    static const char name[] = "pastiche";
    size_t bytes = sizeof name, used = sizeof name - 1;
    for (int i = 0; i < line->count; i++)
        bytes += quote(NULL, line->words[i]);
    char *text = line->short_of_memory ? NULL : malloc(bytes);
    if (!text)
        return NULL;
    memcpy(text, name, sizeof name);
    for (int i = 0; i < line->count; i++)
        used += quote(text + used, line->words[i]);
    text[used] = '\0';
    return text;
}
