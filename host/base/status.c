#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "package/printable.h"

pst_status pst_fail(pst_error *error, pst_status status, const char *format, ...) {
    if (error) {
        char text[sizeof error->text]; /* the arguments may lie in error->text */
        va_list args;
        va_start(args, format);
        if (vsnprintf(text, sizeof text, format, args) < 0)
            text[0] = 0;
        va_end(args);
        pst_make_printable(text, sizeof text); /* names of files and tensors come from outside */
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
        [PST_ERROR_RANKS] = "PST_ERROR_RANKS",
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown status";
}

const char *pst_version(void) { return PST_VERSION; }
