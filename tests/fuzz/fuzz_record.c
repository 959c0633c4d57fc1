/* The record in an image, by which `pastiche again` repeats a run: whatever it says, it names files to be read and sets
 * what changes a result, and nothing else. The first byte: bit 0, --anyway; then JSON. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/run/record.h"
#include "cli/run/repeat.h"
#include "fuzz.h"
#include "program.h"

static const char image[] = "made.png", output[] = "again.png";

static pst_context *open_context(void) {
    static pst_context *context;
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    options.device = "none";
    if (!context)
        FUZZ_PROMISE(pst_context_create(&options, &context) == PST_OK);
    return context;
}

/* What a line that a stranger wrote must not do. */
static void check(const settings *s) {
    FUZZ_PROMISE(s->output && strcmp(s->output, output) == 0);
    FUZZ_PROMISE(!s->log && !s->checkpoint && !s->resume && !s->web && !s->web_wait && !s->web_address && !s->sheet);
    FUZZ_PROMISE(!s->kernels && !s->no_metadata && !s->save_every && !s->batch && !s->bench_json && !s->plan);
    FUZZ_PROMISE(s->command == &command_table[COMMAND_RUN]);
    for (size_t i = 0; i < s->given_count; i++) {
        char name[OPTION_NAME_MOST];
        const option *o = s->given[i].option;
        option_name(o, 0, name);
        FUZZ_PROMISE(option_changes_result(o) || strcmp(name, "save-iter") == 0 || strcmp(name, "output") == 0 ||
                     strcmp(name, "model") == 0 || strcmp(name, "start") == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    fuzz_program_begin();
    if (bytes < 1)
        return 0;
    repeat r = {.image = image, .output = output, .context = open_context(), .anyway = data[0] & 1};
    char *text = malloc(bytes);
    FUZZ_PROMISE(text);
    memcpy(text, data + 1, bytes - 1);
    text[bytes - 1] = '\0';
    r.root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(r.root) && json_is_array(json_object_get(r.root, "options"))) {
        unsigned before = fuzz_complaints;
        bool good = repeat_make_line(&r);
        FUZZ_PROMISE(good || fuzz_complaints > before);
        settings s;
        if (good && options_read(&s, &command_table[COMMAND_RUN], r.line.count, r.line.words))
            check(&s);
        if (good)
            options_free(&s);
        line_free(&r.line);
    }
    json_decref(r.root);
    free(text);
    return 0;
}
