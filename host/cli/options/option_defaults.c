#include "cli/options/option_defaults.h"

#include <stdio.h>
#include <string.h>

static void set_rows(settings *s, const command *c, bool transfer_only) {
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        if (o->usual && option_is_of(o, c) && (!transfer_only || option_library_row(o)))
            option_set(s, o, o->names, o->usual);
}

bool option_set_preset(settings *s, const option *o, const char *given, const char *name) {
    pst_transfer_options_init(&s->transfer, sizeof s->transfer);
    set_rows(s, s->command, true);
    return option_set(s, o, given, name);
}

void option_set_defaults(settings *s, const command *c) {
    *s = (settings){.command = c, .web_port = -1};
    pst_transfer_options_init(&s->transfer, sizeof s->transfer);
    pst_write_options_init(&s->writing, sizeof s->writing);
    pst_bench_options_init(&s->bench, sizeof s->bench);
    pst_fetch_options_init(&s->fetch, sizeof s->fetch);
    set_rows(s, c, false);
    const option *preset = option_find("preset", c);
    if (preset)
        option_set_preset(s, preset, preset->names, PRESET_USUAL);
}

char *option_usual(const option *o, const command *c, char text[VALUE_TEXT_MOST]) {
    char name[OPTION_NAME_MOST];
    settings s;
    option_set_defaults(&s, c);
    text[0] = '\0';
    option_name(o, 0, name);
    for (const char *const *first = c->first; first && *first; first++) {
        size_t length = strlen(name);
        if (strncmp(*first, "--", 2) == 0 && strncmp(*first + 2, name, length) == 0 && (*first)[2 + length] == '=')
            return strcpy(text, *first + 3 + length);
    }
    if (o->shown)
        snprintf(text, VALUE_TEXT_MOST, "%s", o->shown);
    else if (o->kind == OPTION_FLAG || o->kind == OPTION_SWITCH || !option_value(&s, o, text, VALUE_TEXT_MOST))
        text[0] = '\0';
    return text;
}
