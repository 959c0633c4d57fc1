#include "web/unescape.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package/printable.h"

static int digit(char letter) {
    return letter >= '0' && letter <= '9'   ? letter - '0'
           : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
           : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                            : -1;
}

static bool is_clean(const char *text, size_t length) {
    uint32_t code = 0;
    for (size_t at = 0, size; at < length; at += size) {
        size = pst_character(text + at, &code);
        if (size == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
            return false;
    }
    return true;
}

char *web_unescape(const char *text, size_t length) {
    char *made = malloc(length + 1), *to = made;
    if (!made)
        return NULL;
    const char *end = text + length;
    for (; text < end; text++) {
        int high = 0, low = 0;
        if (*text == '%') {
            high = end - text > 2 ? digit(text[1]) : -1;
            low = end - text > 2 ? digit(text[2]) : -1;
        }
        if (high < 0 || low < 0)
            break;
        *to++ = *text == '%' ? (char)(high * 16 + low) : *text;
        text += *text == '%' ? 2 : 0;
    }
    *to = '\0';
    if (text < end || !is_clean(made, (size_t)(to - made))) {
        free(made);
        return NULL;
    }
    return made;
}

char *web_disposition(const char *name) {
    static const char begin[] = "attachment; filename=\"", then[] = "\"; filename*=UTF-8''";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t length = strlen(name), size = sizeof begin + sizeof then + 4 * length;
    char *made = malloc(size);
    if (!made)
        return NULL;
    char *to = made + sprintf(made, "%s", begin);
    for (size_t i = 0; i < length; i++)
        *to++ = name[i] == ' ' || strchr(plain, name[i]) ? name[i] : '_';
    to += sprintf(to, "%s", then);
    for (size_t i = 0; i < length; i++)
        to += strchr(plain, name[i]) ? sprintf(to, "%c", name[i]) : sprintf(to, "%%%02X", (unsigned char)name[i]);
    return made;
}
