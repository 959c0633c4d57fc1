#include "cli/studio/thumbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/paths.h"
#include "cli/studio/librarian.h"

enum { THUMB_QUALITY = 82, VIEW_QUALITY = 92 };

/* ---- names ---- */

static uint64_t hash(uint64_t from, const void *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        from = (from ^ ((const unsigned char *)data)[i]) * 1099511628211u;
    return from;
}

char *thumbs_path(const char *file, const file_mark *mark, int side, char path[80]) {
    char text[128];
    snprintf(text, sizeof text, "%llu %llu %lld", mark->bytes, mark->number, mark->changed);
    const uint64_t first = hash(hash(14695981039346656037u, file, strlen(file) + 1), text, strlen(text)),
                   second = hash(hash(first, text, strlen(text) + 1), file, strlen(file));
    snprintf(path, 80, STUDIO_THUMBS "/%016" PRIx64 "%016" PRIx64 "-%d.jpg", first, second, side);
    return path;
}

/* ---- making ---- */

static int at_least_one(double value) { return value < 1 ? 1 : (int)(value + 0.5); }

pst_status thumbs_write(pst_context *context, const pst_image *image, int side, const char *path) {
    const int width = pst_image_width(image), height = pst_image_height(image),
              longer = width > height ? width : height;
    pst_write_options options;
    pst_image *small = NULL;
    pst_status status = PST_OK;
    pst_write_options_init(&options, sizeof options);
    options.format = PST_FORMAT_JPEG;
    options.quality = side <= THUMB_SIDE ? THUMB_QUALITY : VIEW_QUALITY;
    if (longer > side)
        status = pst_image_resize(context, image, at_least_one((double)width * side / longer),
                                  at_least_one((double)height * side / longer), &small);
    if (status == PST_OK)
        status = pst_image_write(context, small ? small : image, path, &options);
    pst_image_destroy(small);
    return status;
}

/* Who waited for the librarian may find that another one has made it. */
bool thumbs_get(studio *s, const char *file, const file_mark *mark, int side, thumb *made) {
    pst_image *image = NULL;
    *made = (thumb){0};
    thumbs_path(file, mark, side, made->path);
    if (file_exists(made->path))
        return true;
    pst_context *context = librarian_take(s);
    pst_status status = PST_OK;
    if (!file_exists(made->path)) {
        status = pst_image_read(context, file, &image);
        if (status == PST_OK) {
            made->width = pst_image_width(image);
            made->height = pst_image_height(image);
            status = thumbs_write(context, image, side, made->path);
        }
        if (status != PST_OK)
            snprintf(made->problem, sizeof made->problem, "%s", pst_context_message(context));
        made->at_fault = status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED;
        pst_image_destroy(image);
    }
    librarian_give(s);
    return status == PST_OK;
}

/* ---- answers ---- */

static char *copy(const char *text) {
    char *made = malloc(strlen(text) + 1);
    return made ? strcpy(made, text) : NULL;
}

void thumbs_answer(studio *s, const char *file, const char *name, int side, thumb *made, web_reply *reply) {
    const file_mark mark = file_mark_of(file);
    *made = (thumb){0};
    if (!mark.changed) {
        studio_refuse(reply, 404, "%s: is no longer there", name);
    } else if (!thumbs_get(s, file, &mark, side, made)) {
        studio_refuse(reply, made->at_fault ? 422 : 500, "%s", made->problem);
    } else {
        reply->type = "image/jpeg";
        reply->file = copy(made->path);
        reply->keeps = true;
    }
}

static const char *type_of(const char *file) {
    static const char *const types[][2] = {{"png", "image/png"},   {"jpg", "image/jpeg"},  {"jpeg", "image/jpeg"},
                                           {"jpe", "image/jpeg"},  {"jfif", "image/jpeg"}, {"tif", "image/tiff"},
                                           {"tiff", "image/tiff"}, {"webp", "image/webp"}, {"bmp", "image/bmp"},
                                           {"gif", "image/gif"}};
    const char *dot = strrchr(file_name(file), '.');
    char ending[8];
    snprintf(ending, sizeof ending, "%s", dot ? dot + 1 : "");
    for (char *c = ending; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(ending, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

void thumbs_answer_file(const char *file, const char *name, web_reply *reply) {
    reply->type = type_of(file);
    reply->file = copy(file);
    reply->download = name ? copy(name) : NULL;
    reply->keeps = true;
}

/* ---- cleaning ---- */

/* Adds the copies that the files of a folder can have. */
static bool add_valid(const char *folder, path_list *valid) {
    path_list names = {0};
    char path[4096], made[80];
    bool good = paths_read_names(*folder ? folder : ".", &names);
    for (size_t i = 0; good && i < names.count; i++) {
        snprintf(path, sizeof path, "%s%s", folder, names.paths[i]);
        const file_mark mark = file_mark_of(path);
        if (names.paths[i][0] == '.' || !mark.changed)
            continue;
        good = paths_add(valid, thumbs_path(path, &mark, THUMB_SIDE, made)) &&
               paths_add(valid, thumbs_path(path, &mark, VIEW_SIDE, made));
    }
    paths_free(&names);
    return good;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void thumbs_clean(void) {
    path_list valid = {0}, kept = {0};
    char path[4096], *at = path;
    if (add_valid("", &valid) && add_valid(STUDIO_SOURCES "/", &valid) && paths_read_names(STUDIO_THUMBS, &kept)) {
        if (valid.count)
            qsort(valid.paths, valid.count, sizeof *valid.paths, by_text);
        for (size_t i = 0; i < kept.count; i++) {
            snprintf(path, sizeof path, STUDIO_THUMBS "/%s", kept.paths[i]);
            if (file_is_regular(path) &&
                !(valid.count && bsearch(&at, valid.paths, valid.count, sizeof *valid.paths, by_text)))
                remove(path);
        }
    }
    paths_free(&valid);
    paths_free(&kept);
}
