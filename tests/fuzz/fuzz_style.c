/* Style files: the bytes and the sum that belongs to them, which no chance finds. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "fuzz.h"
#include "transfer/stored_style.h"

enum { SUM_BYTES = 64 };

static const char *write_file(const uint8_t *data, size_t bytes) {
    pst_digest digest;
    uint8_t *file = malloc(bytes + SUM_BYTES + 1);
    FUZZ_PROMISE(file);
    memcpy(file, data, bytes);
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, data, bytes);
    pst_digest_end(&digest, (char *)file + bytes);
    const char *path = fuzz_file("style", file, bytes + SUM_BYTES);
    free(file);
    return path;
}

/* What was read can be saved, and read again as the same. */
static void save(pst_context *context, const pst_style *style) {
    pst_style *again;
    FUZZ_PROMISE(pst_style_save(context, style, "again") == PST_OK);
    FUZZ_PROMISE(pst_style_load(context, "again", &again) == PST_OK);
    FUZZ_PROMISE(strcmp(again->about, style->about) == 0 && strcmp(again->network, style->network) == 0);
    FUZZ_PROMISE(pst_style_bytes(again) == pst_style_bytes(style));
    pst_style_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static pst_context context;
    pst_style *style;
    const char *path = write_file(data, bytes);
    context.error = (pst_error){0};
    pst_status status = pst_style_load(&context, path, &style);
    fuzz_check(status, &context.error, style, path);
    if (style) {
        FUZZ_PROMISE(style->layer_count > 0 && style->size_count > 0);
        fuzz_check_text(style->about);
        fuzz_check_text(style->network);
        save(&context, style);
    }
    pst_style_destroy(style);
    return 0;
}
