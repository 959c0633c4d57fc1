#include "cli/studio/shelf_intake.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/file_names.h"
#include "cli/studio/librarian.h"
#include "cli/studio/thumbs.h"

enum { NAME_MOST = 256, UPLOAD_MOST = 64 };

/* ---- reading ---- */

/* The message with the name that people know in the place of the file's. */
static void tell_by_name(const char *message, const char *file, const char *name, char *text, size_t size) {
    const char *at = strstr(message, file);
    if (at)
        snprintf(text, size, "%.*s%.200s%s", (int)(at - message), message, name, at + strlen(file));
    else
        snprintf(text, size, "%s", message);
}

bool intake_read(pst_context *context, const char *file, const char *name, intake *in) {
    pst_style *style = NULL;
    pst_status status;
    *in = (intake){.kind = pst_style_recognize(file) ? SHELF_STYLE : SHELF_IMAGE};
    if (in->kind == SHELF_STYLE) {
        status = pst_style_load(context, file, &style);
        if (status == PST_OK)
            status = pst_file_sha256(context, file, in->sha256);
        pst_style_destroy(style);
    } else {
        status = pst_image_read(context, file, &in->image);
        if (status == PST_OK)
            snprintf(in->sha256, sizeof in->sha256, "%s", pst_image_sha256(in->image));
    }
    if (status != PST_OK)
        tell_by_name(pst_context_message(context), file, name, in->problem, sizeof in->problem);
    return status == PST_OK;
}

/* ---- names ---- */

/* The ending of what a file is by its first bytes, for names that end in nothing that is known. */
static const char *ending_of(const char *file, shelf_kind kind) {
    static const struct {
        size_t at, length;
        const char *bytes, *ending;
    } known[] = {{0, 4, "\x89PNG", ".png"}, {0, 3, "\xff\xd8\xff", ".jpg"}, {0, 4, "II*\0", ".tif"},
                 {0, 4, "MM\0*", ".tif"},   {8, 4, "WEBP", ".webp"},        {0, 2, "BM", ".bmp"},
                 {0, 4, "GIF8", ".gif"},    {0, 4, "8BPS", ".psd"},         {0, 2, "#?", ".hdr"},
                 {0, 1, "P", ".pnm"}};
    char head[16] = {0};
    FILE *from = fopen(file, "rb");
    const size_t got = from ? fread(head, 1, sizeof head, from) : 0;
    if (from)
        fclose(from);
    if (kind == SHELF_STYLE)
        return ".style";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (got >= known[i].at + known[i].length && memcmp(head + known[i].at, known[i].bytes, known[i].length) == 0)
            return known[i].ending;
    return ".tga"; /* which begins with nothing that tells it apart */
}

/* A name may come without an ending, or with one that the program or a browser takes for something else. */
static void complete_name(const char *given, const char *file, shelf_kind kind, char name[NAME_MOST]) {
    const bool right = kind == SHELF_STYLE ? file_is_style(given) : file_is_image(given);
    snprintf(name, NAME_MOST, "%.*s%s", NAME_MOST - 8, given, right ? "" : ending_of(file, kind));
    if (right && strlen(given) >= NAME_MOST - 8) /* its ending got lost */
        snprintf(name, NAME_MOST, "%.*s%s", 100, given, ending_of(file, kind));
}

/* ---- putting ---- */

/* A place for a file that is not on the shelf yet; what an ended program leaves there is removed. */
static bool make_upload(char path[UPLOAD_MOST]) {
    char id[ID_MOST];
    const bool good = id_make(id);
    snprintf(path, UPLOAD_MOST, STUDIO_OWN "/.upload-%s", good ? id : "");
    return good;
}

/* Small copies at once, while the image is in memory: they are asked for next. */
static void copy_small(pst_context *context, const pst_image *image, const char *path, const char *role) {
    const file_mark mark = file_mark_of(path);
    char copy[80];
    if (!file_exists(thumbs_path(path, &mark, THUMB_SIDE, copy)))
        thumbs_write(context, image, THUMB_SIDE, copy);
    if (strcmp(role, "content") == 0 && !file_exists(thumbs_path(path, &mark, VIEW_SIDE, copy)))
        thumbs_write(context, image, VIEW_SIDE, copy);
}

static shelf_new about_of(const char *name, const char *role, shelf_kind kind, const pst_image *image,
                          const char *sha256) {
    return (shelf_new){.name = name,
                       .role = role,
                       .kind = kind,
                       .width = image ? pst_image_width(image) : 0,
                       .height = image ? pst_image_height(image) : 0,
                       .sha256 = sha256};
}

/* Takes a file that was read; the entry, NULL after a refusal. */
static json_t *put(studio *s, pst_context *context, const char *file, const char *given, const char *role,
                   shelf_kind kind, const pst_image *image, const char *sha256, web_reply *reply) {
    char name[NAME_MOST], id[ID_MOST];
    shelf_entry entry;
    complete_name(given, file, kind, name);
    const shelf_new about = about_of(name, role, kind, image, sha256);
    if (!shelf_put(s, file, &about, id, &entry)) {
        studio_refuse(reply, errno == ENOSPC ? 507 : 500, "%s: cannot be put on the shelf: %s", name, strerror(errno));
        return NULL;
    }
    if (image)
        copy_small(context, image, entry.path, role);
    return shelf_json_of(s, id);
}

json_t *intake_image(studio *s, pst_context *context, const pst_image *image, int bits, const char *name,
                     const char *role, web_reply *reply) {
    char file[UPLOAD_MOST], sha256[65];
    pst_write_options options;
    json_t *made = NULL;
    pst_write_options_init(&options, sizeof options);
    options.format = PST_FORMAT_PNG;
    options.bits = bits;
    if (!make_upload(file))
        studio_refuse(reply, 500, "no randomness");
    else if (pst_image_write(context, image, file, &options) != PST_OK ||
             pst_file_sha256(context, file, sha256) != PST_OK)
        studio_refuse(reply, 500, "%s", pst_context_message(context));
    else
        made = put(s, context, file, name, role, SHELF_IMAGE, image, sha256, reply);
    remove(file);
    return made;
}

bool intake_adopt(studio *s) {
    char path[256];
    file_mark mark;
    intake in;
    if (!shelf_find_stranger(s, path, &mark))
        return false;
    const bool good = intake_read(librarian_take(s), path, file_name(path), &in);
    librarian_give(s);
    const shelf_new about = about_of(file_name(path), "content", in.kind, in.image, in.sha256);
    shelf_recognize(s, path, &mark, good ? &about : NULL);
    pst_image_destroy(in.image);
    return true;
}

static bool copy_bytes(const char *from, const char *to) {
    char block[16384];
    size_t bytes = 0;
    FILE *source = fopen(from, "rb"), *target = source ? web_file_create(to) : NULL;
    bool good = target != NULL;
    while (good && (bytes = fread(block, 1, sizeof block, source)) > 0)
        good = fwrite(block, 1, bytes, target) == bytes;
    good = good && !ferror(source);
    if (source)
        fclose(source);
    return target && fclose(target) == 0 && good;
}

bool intake_copy(studio *s, const char *file, const char *role) {
    char path[UPLOAD_MOST];
    intake in = {0};
    web_reply reply = {0};
    json_t *made = NULL;
    if (make_upload(path) && copy_bytes(file, path)) {
        pst_context *context = librarian_take(s);
        if (intake_read(context, path, file, &in))
            made = put(s, context, path, file, role, in.kind, in.image, in.sha256, &reply);
        pst_image_destroy(in.image);
        librarian_give(s);
    }
    remove(path);
    free(reply.text);
    const bool good = made;
    json_decref(made);
    return good;
}

/* ---- uploads ---- */

static bool is_role(const char *role) {
    return strcmp(role, "content") == 0 || strcmp(role, "style") == 0 || strcmp(role, "mask") == 0;
}

void intake_upload(studio *s, const web_call *call, web_reply *reply) {
    const char *given = call->query(call, "name"), *role = call->query(call, "role");
    const char *name = given && *given ? given : "image";
    role = role ? role : "content";
    intake in;
    if (!is_role(role) || !call->upload) {
        studio_refuse(reply, 400, call->upload ? "role: must be content, style or mask" : "there is no file");
        return;
    }
    pst_context *context = librarian_take(s);
    if (!intake_read(context, call->upload, name, &in)) {
        studio_refuse(reply, 422, "%s", in.problem);
    } else {
        json_t *made = put(s, context, call->upload, name, role, in.kind, in.image, in.sha256, reply);
        if (made)
            studio_reply(reply, 201, made);
    }
    pst_image_destroy(in.image);
    librarian_give(s);
}

/* ---- crops ---- */

typedef struct part {
    int x, y, width, height;
} part;

/* Whole pixels from parts of the image; false: it is no part of it. */
static bool read_part(const json_t *body, const pst_image *image, part *p) {
    static const char *const names[] = {"x", "y", "width", "height"};
    double given[4];
    for (int i = 0; i < 4; i++) {
        const json_t *value = json_object_get(body, names[i]);
        given[i] = json_number_value(value);
        if (!json_is_number(value) || !(given[i] >= 0 && given[i] <= 1))
            return false;
    }
    const int width = pst_image_width(image), height = pst_image_height(image);
    const double right = fmin(1, given[0] + given[2]), bottom = fmin(1, given[1] + given[3]);
    p->x = (int)lround(given[0] * width);
    p->y = (int)lround(given[1] * height);
    p->width = (int)lround(right * width) - p->x;
    p->height = (int)lround(bottom * height) - p->y;
    return p->width > 0 && p->height > 0;
}

static pst_status cut(pst_context *context, const pst_image *from, const part *p, pst_image **made) {
    const size_t width = (size_t)p->width, all = (size_t)pst_image_width(from),
                 first = (size_t)p->y * all + (size_t)p->x;
    const float *rgb = pst_image_samples(from), *alpha = pst_image_alpha(from);
    float *rows = malloc(sizeof *rows * 3 * width * (size_t)p->height);
    *made = NULL;
    if (!rows)
        return PST_ERROR_MEMORY;
    for (size_t y = 0; y < (size_t)p->height; y++)
        memcpy(rows + 3 * y * width, rgb + 3 * (first + y * all), sizeof *rows * 3 * width);
    pst_status status = pst_image_create(context, p->width, p->height, rows, made);
    for (size_t y = 0; y < (size_t)p->height && alpha; y++)
        memcpy(rows + y * width, alpha + first + y * all, sizeof *rows * width);
    if (status == PST_OK && alpha)
        status = pst_image_set_alpha(context, *made, rows);
    free(rows);
    return status;
}

/* 8 bits a channel, where that loses nothing. */
static int bits_of(const pst_image *image) {
    const float *samples = pst_image_samples(image);
    const size_t count = 3 * (size_t)pst_image_width(image) * (size_t)pst_image_height(image);
    for (size_t i = 0; i < count; i++)
        if (fabsf(samples[i] - roundf(samples[i])) > 1e-3f)
            return 16;
    return 8;
}

/* The crop of an entry, which keeps its role; NULL after a refusal. */
static json_t *crop(studio *s, pst_context *context, const shelf_entry *entry, const char *role, const json_t *body,
                    web_reply *reply) {
    pst_image *image = NULL, *made = NULL;
    json_t *answer = NULL;
    char name[NAME_MOST];
    part p;
    snprintf(name, sizeof name, "%.*s crop.png", (int)(file_base(entry->name) < 200 ? file_base(entry->name) : 200),
             entry->name);
    if (pst_image_read(context, entry->path, &image) != PST_OK)
        studio_refuse(reply, 422, "%s", pst_context_message(context));
    else if (!read_part(body, image, &p))
        studio_refuse(reply, 400, "x, y, width and height: must be a part of the image, from 0 to 1");
    else if (cut(context, image, &p, &made) != PST_OK)
        studio_refuse(reply, 500, "no memory left");
    else
        answer = intake_image(s, context, made, bits_of(made), name, role, reply);
    pst_image_destroy(image);
    pst_image_destroy(made);
    return answer;
}

void intake_crop(studio *s, const web_call *call, web_reply *reply) {
    shelf_entry entry;
    json_t *body, *known = shelf_json_of(s, call->path[1]);
    if (!known || !shelf_find(s, call->path[1], &entry)) {
        studio_refuse(reply, 404, "the shelf has no such image");
    } else if (entry.kind == SHELF_STYLE) {
        studio_refuse(reply, 422, "%s: this is a style file, no image", entry.name);
    } else if ((body = studio_body(call, reply))) {
        const char *role = json_string_value(json_object_get(known, "role"));
        json_t *made = crop(s, librarian_take(s), &entry, role, body, reply);
        librarian_give(s);
        if (made)
            studio_reply(reply, 201, made);
        json_decref(body);
    }
    json_decref(known);
}
