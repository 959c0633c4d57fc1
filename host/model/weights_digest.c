#include "model/weights_digest.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "model/source.h"
#include "model/weights_read.h"

static void add_floats(pst_digest *digest, const float *numbers, size_t count) {
    uint8_t block[4096];
    for (size_t i = 0; i < count;) {
        size_t held = 0;
        for (; i < count && held < sizeof block; i++) {
            uint32_t bits;
            memcpy(&bits, &numbers[i], sizeof bits);
            for (int b = 0; b < 4; b++)
                block[held++] = (uint8_t)(bits >> 8 * b);
        }
        pst_digest_add(digest, block, held);
    }
}

/* All prefixes at once: the weights may have to be read again for them. */
static pst_status make_digests(pst_error *error, pst_weights *model) {
    bool forgotten = !model->convolutions[0].weight;
    pst_digest digest, so_far;
    pst_status status = pst_weights_recall(error, model);
    if (status != PST_OK)
        return status;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    for (size_t l = 0; l < model->convolution_count; l++) {
        const pst_weights_convolution *c = &model->convolutions[l];
        add_floats(&digest, c->weight, 9 * (size_t)c->c_in * (size_t)c->c_out);
        add_floats(&digest, c->bias, (size_t)c->c_out);
        so_far = digest;
        pst_digest_end(&so_far, model->digests[l]);
    }
    if (forgotten)
        pst_weights_forget(model);
    return PST_OK;
}

pst_status pst_weights_digest(pst_error *error, pst_weights *model, size_t count, const char **hex) {
    pst_status status = *model->digests[0] ? PST_OK : make_digests(error, model);
    *hex = status == PST_OK && count && count <= model->convolution_count ? model->digests[count - 1] : "";
    return status;
}

static pst_status add_file(pst_error *error, pst_digest *digest, pst_file *file, uint64_t bytes) {
    uint8_t piece[16384];
    for (uint64_t at = 0; at < bytes;) {
        size_t count = bytes - at < sizeof piece ? (size_t)(bytes - at) : sizeof piece;
        pst_status status = pst_file_read(error, file, at, piece, count);
        if (status != PST_OK)
            return status;
        pst_digest_add(digest, piece, count);
        at += count;
    }
    return PST_OK;
}

pst_status pst_weights_path_digest(pst_error *error, const char *path, char hex[65]) {
    pst_source *source;
    pst_digest digest;
    hex[0] = 0;
    pst_status status = pst_source_open(error, path, &source);
    if (status != PST_OK)
        return status;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    PST_TRY(add_file(error, &digest, source->file, source->bytes));
    for (size_t i = 0; i < source->companions.count; i++)
        PST_TRY(add_file(error, &digest, source->companions.list[i].file, source->companions.list[i].bytes));
    pst_digest_end(&digest, hex);

cleanup:
    pst_source_close(source);
    return status;
}

pst_status pst_weights_file_digest(pst_error *error, pst_weights *model, const char **hex) {
    pst_status status = PST_OK;
    if (!*model->file_digest)
        status = model->in_parts ? pst_weights_path_digest(error, model->path, model->file_digest)
                                 : pst_file_digest(error, model->path, model->file_digest);
    *hex = status == PST_OK ? model->file_digest : "";
    return status;
}
