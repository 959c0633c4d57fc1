#include "cli/options/choose.h"

#include <string.h>

#include "cli/options/complain.h"

bool choose(const choice *choices, size_t shown, const char *given, const char *value, int *chosen) {
    for (const choice *c = choices; c->name; c++) {
        if (strcmp(c->name, value) == 0) {
            *chosen = c->value;
            return true;
        }
    }
    char list[128] = "";
    for (size_t i = 0; i < shown; i++) {
        strcat(list, i == 0 ? "" : i + 1 < shown ? ", " : " or ");
        strcat(list, choices[i].name);
    }
    complain("%s \"%s\": not known; it can be %s", given, value, list);
    return false;
}
