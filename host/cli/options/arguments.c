#include "cli/options/arguments.h"

#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/values.h"

bool arguments_read(const char *command, int count, char **arguments, const argument *table, bool *help) {
    *help = false;
    for (int i = 0; i < count; i++) {
        size_t length = strcspn(arguments[i], "=");
        const argument *a = table;
        if (arguments[i][0] != '-') {
            while (a->name && (a->name[0] == '-' || *a->value))
                a++;
            if (a->name) {
                *a->value = arguments[i];
                continue;
            }
            a = table;
        }
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            *help = true;
            return true;
        }
        while (a->name && (strlen(a->name) != length || strncmp(a->name, arguments[i], length) != 0))
            a++;
        if (!a->name || (a->flag && arguments[i][length])) {
            complain("%s: pastiche %s does not know it; see pastiche %s --help", arguments[i], command, command);
            return false;
        }
        if (a->flag) {
            *a->flag = true;
            continue;
        }
        const char *value = arguments[i][length] ? arguments[i] + length + 1 : i + 1 < count ? arguments[++i] : "";
        if (!*value) {
            complain("%s needs a value", a->name);
            return false;
        }
        *a->value = value;
    }
    return true;
}

bool argument_integer(const char *name, const char *text, int least, int most, int *number) {
    int64_t value;
    if (!value_integer(text, &value) || value < least || value > most) {
        complain("%s \"%s\": must be a whole number from %d to %d", name, text, least, most);
        return false;
    }
    *number = (int)value;
    return true;
}
