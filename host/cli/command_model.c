/* pastiche model: what is done with network files. A subcommand is a line in the table, and a function in a file of its
 * own. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
    const char *help;
} subcommands[] = {
    {"list", model_list_command, "list                      which networks are known, and which are installed"},
    {"fetch", model_fetch_command, "fetch NAME|URL            fetch one and install it"},
    {"info", model_info_command, "info FILE                 what a network file is, and what is in it"},
    {"convert", model_convert_command, "convert FILE OUT          write its convolutions as OUT.safetensors"},
};

int model_command(int count, char **arguments) {
    const char *name = count > 0 ? arguments[0] : "";
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
        if (strcmp(name, subcommands[i].name) == 0)
            return subcommands[i].run(count - 1, arguments + 1);
    if (strcmp(name, "--help") != 0 && strcmp(name, "-h") != 0) {
        complain("pastiche model %s: there is no such command; see pastiche model --help", *name ? name : "...");
        return EXIT_USAGE;
    }
    puts("Usage:");
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
        printf("  pastiche model %s\n", subcommands[i].help);
    puts("\npastiche model COMMAND --help tells more.");
    return EXIT_OK;
}
