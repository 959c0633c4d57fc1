#include "web/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *web_json_text(const char *value) {
    json_t *made = value ? json_string(value) : json_null();
    if (made)
        return made;
    size_t length = strlen(value);
    char *copy = malloc(length + 1);
    for (size_t i = 0; copy && i <= length; i++)
        copy[i] = (unsigned char)value[i] < 128 ? value[i] : '?';
    made = copy ? json_string(copy) : NULL;
    free(copy);
    return made;
}

json_t *web_json_number(double value, int digits) {
    char text[32];
    if (!isfinite(value))
        return json_null();
    snprintf(text, sizeof text, "%.*g", digits, value);
    return json_real(strtod(text, NULL));
}
