/* Files of measured choices of algorithms. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "tune/choices_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    pst_session session = {.error = &error};
    pst_conv_choices choices = {0}, again = {0};
    char foreign[256], *text;
    pst_status status = pst_choices_parse(&session, "name", (const char *)data, bytes, &choices, foreign);
    fuzz_check(status, &error, status == PST_OK ? &choices : NULL, "name");
    fuzz_check_text(foreign);
    FUZZ_PROMISE(status == PST_OK || choices.count == 0);
    if (status == PST_OK && pst_choices_print(&session, &choices, &text) == PST_OK) {
        FUZZ_PROMISE(pst_choices_parse(&session, "name", text, strlen(text), &again, foreign) == PST_OK);
        FUZZ_PROMISE(again.count == choices.count && !*foreign);
        pst_free(text);
    }
    pst_conv_choices_clear(&choices);
    pst_conv_choices_clear(&again);
    return 0;
}
