#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        int (*run)(int count, char **arguments);
    } commands[] = {{"devices", devices_command}, {"tune", tune_command},   {"bench", bench_command},
                    {"model", model_command},     {"demo", demo_command},   {"batch", batch_command},
                    {"info", info_command},       {"again", again_command}, {"style", style_command}};
    for (size_t i = 0; count > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(arguments[1], commands[i].name) == 0)
            return commands[i].run(count - 2, arguments + 2);

    settings s;
    int code = EXIT_USAGE;
    if (options_read(&s, count > 0 ? count - 1 : 0, arguments + 1)) {
        code = EXIT_OK;
        if (s.help)
            options_help(s.help_all);
        else if (s.version)
            printf("pastiche %s\n", pst_version());
        else
            code = transfer_command(&s);
    }
    options_free(&s);
    /* A full disk behind a redirected --plan must not look like success. */
    if (code == EXIT_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        complain("standard output cannot be written");
        code = EXIT_FAILED;
    }
    return code;
}
