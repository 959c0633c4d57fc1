#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/help.h"
#include "cli/ranks/world.h"

static int (*const runs[COMMAND_COUNT])(const settings *s) = {
    [COMMAND_RUN] = transfer_command,
    [COMMAND_BATCH] = batch_command,
    [COMMAND_DEMO] = demo_command,
    [COMMAND_STUDIO] = studio_command,
    [COMMAND_STYLE_MAKE] = style_make_command,
    [COMMAND_STYLE_INFO] = style_info_command,
    [COMMAND_INFO] = info_command,
    [COMMAND_AGAIN] = again_command,
    [COMMAND_MODEL_LIST] = model_list_command,
    [COMMAND_MODEL_FETCH] = model_fetch_command,
    [COMMAND_MODEL_INFO] = model_info_command,
    [COMMAND_MODEL_CONVERT] = model_convert_command,
    [COMMAND_DEVICES] = devices_command,
    [COMMAND_TUNE] = tune_command,
    [COMMAND_BENCH] = bench_command,
};

/* What ranks share or deal out; all else is done by the first one. */
static world_way way_of(const command *c, const settings *s) {
    const command_id id = (command_id)(c - command_table);
    if ((id == COMMAND_RUN && !s->sheet) || id == COMMAND_AGAIN || (id == COMMAND_BATCH && !s->plan))
        return WORLD_TOGETHER;
    return WORLD_ONE;
}

static int run(const command *c, int count, char **arguments) {
    settings s;
    int code = EXIT_USAGE;
    if (options_read(&s, c, count, arguments)) {
        code = EXIT_OK;
        if (s.help || s.help_all)
            help_print(stdout, c, s.help_all);
        else if (s.version)
            printf("pastiche %s\n", pst_version());
        else {
            world_go(way_of(c, &s));
            if (world_leads() || world_ranks())
                code = runs[c - command_table](&s);
        }
    }
    options_free(&s);
    return code;
}

int main(int count, char **arguments) {
    int used = 0, code = EXIT_USAGE;
    if (!world_begin())
        return EXIT_USAGE;
    count = count > 0 ? count - 1 : 0;
    arguments++;
    const command *c = command_find(count, arguments, &used);
    if (c) {
        code = run(c, count - used, arguments + used);
    } else if (used) {
        help_print_group(stdout, arguments[0]);
        code = EXIT_OK;
    }
    /* A full disk behind a redirected --plan must not look like success. */
    if (code == EXIT_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        complain("standard output cannot be written");
        code = EXIT_FAILED;
    }
    code = world_end(code);
    if (pst_is_compiling()) { /* exit() would take the driver away from its compiler */
        fflush(NULL);
        _Exit(code);
    }
    return code;
}
