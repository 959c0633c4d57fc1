#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The text is shown on one line, and file and tensor names come from outside: no control characters, and no half of a
 * UTF-8 character where it was cut. */
static void tidy(char *text, size_t capacity) {
    size_t length = strlen(text);
    if (length == capacity - 1) {
        size_t lead = length;
        while (lead > 0 && length - lead < 3 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
            lead--;
        unsigned char byte = lead > 0 ? (unsigned char)text[lead - 1] : 0;
        size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
        if (needed > length - lead + 1)
            text[lead - 1] = 0;
    }
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}

pst_status pst_fail(pst_error *error, pst_status status, const char *format, ...) {
    if (error) {
        char text[sizeof error->text]; /* the arguments may lie in error->text */
        va_list args;
        va_start(args, format);
        if (vsnprintf(text, sizeof text, format, args) < 0)
            text[0] = 0;
        va_end(args);
        tidy(text, sizeof text);
        error->status = status;
        memcpy(error->text, text, sizeof text);
    }
    return status;
}

pst_status pst_fail_in(pst_error *error, const char *what) {
    return error ? pst_fail(error, error->status, "%s: %s", what, error->text) : PST_ERROR_ARGUMENT;
}

const char *pst_status_name(pst_status status) {
    static const char *const names[] = {
        [PST_OK] = "PST_OK",
        [PST_STOPPED] = "PST_STOPPED",
        [PST_ERROR_ARGUMENT] = "PST_ERROR_ARGUMENT",
        [PST_ERROR_MEMORY] = "PST_ERROR_MEMORY",
        [PST_ERROR_FILE] = "PST_ERROR_FILE",
        [PST_ERROR_FORMAT] = "PST_ERROR_FORMAT",
        [PST_ERROR_UNSUPPORTED] = "PST_ERROR_UNSUPPORTED",
        [PST_ERROR_NO_DEVICE] = "PST_ERROR_NO_DEVICE",
        [PST_ERROR_DEVICE] = "PST_ERROR_DEVICE",
        [PST_ERROR_DEVICE_MEMORY] = "PST_ERROR_DEVICE_MEMORY",
        [PST_ERROR_NUMERIC] = "PST_ERROR_NUMERIC",
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown status";
}

const char *pst_version(void) { return PST_VERSION; }
