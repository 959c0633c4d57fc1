#include "cli/run/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

#include "cli/ranks/world.h"

#define STREAM_MAX_BYTES ((size_t)1 << 30)

bool image_is_stream(const char *path) { return path && strcmp(path, STANDARD_STREAM) == 0; }

static void set_binary(FILE *stream) {
#ifdef _WIN32
    _setmode(_fileno(stream), _O_BINARY);
#else
    (void)stream;
#endif
}

/* All of standard input; the caller frees it. NULL with *bytes 0 where memory is short or there is too much of it. */
static char *read_stream(size_t *bytes) {
    size_t capacity = 0;
    char *data = NULL;
    *bytes = 0;
    set_binary(stdin);
    for (;;) {
        if (*bytes == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 20;
            char *larger = capacity <= 2 * STREAM_MAX_BYTES ? realloc(data, capacity) : NULL;
            if (!larger) {
                free(data);
                *bytes = 0;
                return NULL;
            }
            data = larger;
        }
        size_t got = fread(data + *bytes, 1, capacity - *bytes, stdin);
        if (got == 0)
            return data;
        *bytes += got;
    }
}

/* The launcher gives standard input to rank 0, which gives it to the others. */
static char *share_stream(size_t *bytes) {
    char *data = world_leads() ? read_stream(bytes) : NULL;
    uint64_t size = data ? *bytes : UINT64_MAX;
    if (!world_tell(&size, sizeof size) || size == UINT64_MAX) {
        free(data);
        return NULL;
    }
    *bytes = (size_t)size;
    if (!data)
        data = malloc(*bytes ? *bytes : 1);
    if (data && world_tell(data, *bytes))
        return data;
    free(data);
    return NULL;
}

static pst_status read_standard_input(pst_context *context, pst_image **image) {
    size_t bytes = 0;
    char *data = share_stream(&bytes);
    *image = NULL;
    if (!data)
        return PST_ERROR_MEMORY;
    pst_status status = pst_image_decode(context, data, bytes, "standard input", image);
    free(data);
    return status;
}

pst_status image_read(pst_context *context, const settings *s, const char *path, progress *report, pst_image **image) {
    pst_status status =
        image_is_stream(path) ? read_standard_input(context, image) : pst_image_read(context, path, image);
    if (status != PST_OK)
        return status;
    if (*pst_image_notice(*image))
        progress_say(report, "%s: %s", pst_image_name(*image), pst_image_notice(*image));
    if (s->proof_profile)
        status = pst_image_proof(context, *image, s->proof_profile, (pst_intent)s->proof_intent);
    if (status != PST_OK) {
        pst_image_destroy(*image);
        *image = NULL;
    }
    return status;
}

void inputs_tell_left_out(progress *report, const path_list *left_out) {
    char names[PATHS_SHOWN];
    if (left_out->count)
        progress_say(report, "left out, not images that can be read: %s", paths_names(left_out, names, sizeof names));
}

pst_status image_check(pst_context *context, const settings *s, const char *path) {
    if (!world_leads())
        return PST_OK;
    return pst_image_write_check(context, image_is_stream(path) ? NULL : path, &s->writing);
}

static pst_status write_standard_output(pst_context *context, const pst_image *image,
                                        const pst_write_options *options) {
    uint8_t *data;
    size_t bytes;
    pst_status status = pst_image_encode(context, image, options, &data, &bytes);
    if (status != PST_OK)
        return status;
    set_binary(stdout);
    fwrite(data, 1, bytes, stdout); /* main looks at what became of it */
    pst_bytes_destroy(data);
    return PST_OK;
}

pst_status image_write(pst_context *context, const settings *s, pst_image *image, const char *path,
                       const char *metadata) {
    pst_write_options options = s->writing;
    options.metadata = metadata;
    if (!world_leads())
        return PST_OK;
    if (s->proof_profile) {
        pst_status status = pst_image_proof(context, image, s->proof_profile, (pst_intent)s->proof_intent);
        if (status != PST_OK)
            return status;
    }
    return image_is_stream(path) ? write_standard_output(context, image, &options)
                                 : pst_image_write(context, image, path, &options);
}
