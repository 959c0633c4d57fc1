/* The pickle in PyTorch's archives, where a sum is in the way of chance: its values, and where its tensors lie. */
#include "base/memory.h"
#include "fuzz.h"
#include "model/torch.h"

enum { NUMBERS_MOST = 1 << 16 };

static void pick(const pst_pickle *pickle, const pst_source_tensor *tensor, const pst_torch_span *span) {
    float *all, *values = NULL;
    pst_error error;
    if (span->count > NUMBERS_MOST || tensor->info.count > NUMBERS_MOST || span->count == 0)
        return;
    if (pst_allocate(&error, span->count, sizeof *all, &all) == PST_OK &&
        pst_allocate(&error, tensor->info.count, sizeof *values, &values) == PST_OK)
        pst_torch_pick(pickle, tensor, all, values);
    pst_free(all);
    pst_free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static const char name[] = "network";
    pst_error error = {0};
    pst_source *source;
    pst_pickle *pickle = NULL;
    pst_pickle_id top;
    pst_torch_span span;
    size_t used = 0;
    FUZZ_PROMISE(pst_allocate(&error, 1, sizeof *source, &source) == PST_OK);
    FUZZ_PROMISE(pst_copy_text(&error, name, &source->path) == PST_OK);
    pst_status status = pst_pickle_read(&error, name, data, bytes, &used, &pickle, &top);
    fuzz_check(status, &error, pickle, name);
    if (pickle) {
        FUZZ_PROMISE(used <= bytes && top < pst_pickle_count(pickle));
        status = pst_torch_add_tensors(&error, source, pickle, top);
        fuzz_check(status, &error, status == PST_OK ? source : NULL, name);
        fuzz_check_text(source->notice);
    }
    for (size_t i = 0; i < source->count; i++)
        if (pst_torch_find(&error, source, pickle, &source->tensors[i], &span) == PST_OK)
            pick(pickle, &source->tensors[i], &span);
    pst_pickle_close(pickle);
    pst_source_close(source);
    return 0;
}
