/* manual_page IN OUT: copies the man page and puts the section on options, from their table, where it says @OPTIONS@.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/help.h"

int main(int count, char **arguments) {
    char line[1024];
    int places = 0;
    FILE *from = count == 3 ? fopen(arguments[1], "r") : NULL, *to = from ? fopen(arguments[2], "w") : NULL;
    if (!to) {
        fprintf(stderr, "usage: manual_page IN OUT, of which IN must be readable and OUT writable\n");
        return EXIT_FAILURE;
    }
    while (fgets(line, sizeof line, from)) {
        if (strcmp(line, "@OPTIONS@\n") == 0)
            manual_print(to), places++;
        else
            fputs(line, to);
    }
    bool good = !ferror(from) && places == 1;
    good = fclose(to) == 0 && good;
    fclose(from);
    if (!good) {
        fprintf(stderr, "manual_page: %s is not complete\n", arguments[2]);
        remove(arguments[2]);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
