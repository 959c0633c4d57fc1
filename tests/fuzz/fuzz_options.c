/* The command line: one word a line, of which the first may be a command's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch_list.h"
#include "cli/options/complain.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/options/options.h"
#include "fuzz.h"
#include "program.h"

enum { WORDS_MOST = 64 };

static void look_at(const settings *s) {
    char value[VALUE_TEXT_MOST];
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        if (option_is_of(o, s->command))
            option_value(s, o, value, sizeof value);
    if (s->batch) {
        batch_list list;
        unsigned before = fuzz_complaints;
        int code = batch_list_make(&list, s);
        FUZZ_PROMISE((code == EXIT_OK) == (fuzz_complaints == before));
        batch_list_free(&list);
    }
}

/* Now and then any option, before a line. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed) {
    const option *o = &option_table[seed / 4 % option_table_size];
    char name[OPTION_NAME_MOST], word[OPTION_NAME_MOST + 4];
    if (seed % 4 || !option_name(o, seed / 4 % 3, name))
        return LLVMFuzzerMutate(data, bytes, most);
    size_t length = (size_t)snprintf(word, sizeof word, "--%s%c", name, seed & 512 ? '=' : '\n'), at = bytes;
    while (at > 0 && (data[at - 1] != '\n' || (at + seed) % 3 == 0))
        at--;
    if (bytes + length > most)
        return bytes;
    memmove(data + at + length, data + at, bytes - at);
    memcpy(data + at, word, length);
    return bytes + length;
}

/* A pattern that leads through all of the machine's folders takes as long as these are many. */
static bool leads_away(const char *word) {
    return strpbrk(word, "*?[") && (word[0] == '/' || strstr(word, "=/") || strstr(word, ".."));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char *words[WORDS_MOST + 1] = {NULL}, *text = malloc(bytes + 1);
    int count = 0, used;
    settings s;
    fuzz_program_begin();
    FUZZ_PROMISE(text);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    for (char *word = text; word && count < WORDS_MOST; count++) {
        words[count] = word;
        word = strchr(word, '\n');
        if (word)
            *word++ = '\0';
        if (leads_away(words[count])) {
            free(text);
            return 0;
        }
    }
    const command *c = command_find(count, words, &used);
    if (c) {
        unsigned before = fuzz_complaints;
        bool good = options_read(&s, c, count - used, words + used);
        FUZZ_PROMISE(good == (fuzz_complaints == before)); /* a refusal says why, in one line */
        if (good && !s.help && !s.help_all && !s.version)
            look_at(&s);
        options_free(&s);
    }
    free(text);
    return 0;
}
