/* Makes, when the program is built, what comes from its table of options:
 *     made_from_options manual IN OUT     the man page, with the section on options where IN says @OPTIONS@
 *     made_from_options bash|zsh|fish OUT completion of the command line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/help.h"

static bool copy_manual(const char *path, FILE *to) {
    char line[1024];
    int places = 0;
    FILE *from = fopen(path, "r");
    if (!from)
        return false;
    while (fgets(line, sizeof line, from)) {
        if (strcmp(line, "@OPTIONS@\n") == 0)
            manual_print(to), places++;
        else
            fputs(line, to);
    }
    bool good = !ferror(from) && places == 1;
    fclose(from);
    return good;
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*print)(FILE *to);
    } shells[] = {{"bash", completion_print_bash}, {"zsh", completion_print_zsh}, {"fish", completion_print_fish}};
    enum { SHELLS = sizeof shells / sizeof *shells };
    const char *kind = count > 1 ? arguments[1] : "", *out = arguments[count - 1];
    bool is_manual = strcmp(kind, "manual") == 0;
    size_t shell = 0;
    while (shell < SHELLS && strcmp(kind, shells[shell].name) != 0)
        shell++;
    FILE *to = count == (is_manual ? 4 : 3) && (is_manual || shell < SHELLS) ? fopen(out, "w") : NULL;
    if (!to) {
        fprintf(stderr, "usage: made_from_options manual IN OUT | bash|zsh|fish OUT; OUT must be writable\n");
        return EXIT_FAILURE;
    }
    bool good = true;
    if (is_manual)
        good = copy_manual(arguments[2], to);
    else
        shells[shell].print(to);
    good = !ferror(to) && good;
    good = fclose(to) == 0 && good;
    if (!good) {
        fprintf(stderr, "made_from_options: %s is not complete\n", out);
        remove(out);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
