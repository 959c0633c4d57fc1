#include "cli/studio/option_json.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/option_defaults.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/studio/run_line.h"

static const char *kind_of(const option *o, bool has_words) {
    switch (o->kind) {
    case OPTION_FLAG:
        return "flag";
    case OPTION_SWITCH:
        return "switch";
    case OPTION_INTEGER:
        return has_words ? "choice" : "integer";
    case OPTION_MEBIBYTE:
        return "integer";
    case OPTION_NUMBER:
        return "number";
    case OPTION_PAIR:
        return "pair";
    case OPTION_SIZE:
        return "size";
    case OPTION_CHOICE:
        return "choice";
    case OPTION_LIST:
        return "list";
    default:
        return "text";
    }
}

static json_t *option_json(const option *o) {
    static const char *const starts[] = {"noise", "content", NULL}; /* files come by their IDs */
    const command *c = &command_table[COMMAND_RUN];
    char name[OPTION_NAME_MOST], usual[VALUE_TEXT_MOST];
    const char *const *words = o->offset == offsetof(settings, start_file) ? starts : option_words(o);
    const char *text = option_manual_text(o);
    double least, most;
    json_t *made = json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:s, s:b}", "name", option_name(o, 0, name), "kind",
                             words ? "choice" : kind_of(o, words), "value", o->value, "help", o->help, "text", text,
                             "default", option_usual(o, c, usual), "usual", (o->flags & USUAL) != 0);
    option_range(o, &least, &most);
    if (!words && most > least) {
        json_object_set_new(made, "least", json_real(least));
        json_object_set_new(made, "most", json_real(most));
    }
    for (size_t i = 0; words && words[i]; i++) {
        if (i == 0)
            json_object_set_new(made, "words", json_array());
        json_array_append_new(json_object_get(made, "words"), json_string(words[i]));
    }
    return made;
}

json_t *option_json_groups(void) {
    json_t *groups = json_array(), *options = NULL;
    const char *heading = "";
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        if (o->kind == OPTION_HEADING) {
            heading = o->names;
            options = NULL;
        } else if (run_line_takes(o)) {
            if (!options) {
                options = json_array();
                json_array_append_new(groups, json_pack("{s:s, s:o}", "name", heading, "options", options));
            }
            json_array_append_new(options, option_json(o));
        }
    }
    return groups;
}

json_t *option_json_presets(void) {
    json_t *names = json_array();
    for (size_t i = 0; pst_preset_name(i); i++)
        json_array_append_new(names, json_string(pst_preset_name(i)));
    return names;
}
