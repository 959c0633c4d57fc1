/* What is asked of the shelf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/draw/demo_images.h"
#include "cli/studio/librarian.h"
#include "cli/studio/queue.h"
#include "cli/studio/shelf.h"
#include "cli/studio/shelf_intake.h"
#include "cli/studio/thumbs.h"
#include "cli/studio/trash.h"

static void answer_entry(studio *s, const web_call *call, web_reply *reply) {
    const char *what = call->path[2];
    shelf_entry entry;
    thumb made;
    if (!shelf_find(s, call->path[1], &entry))
        studio_refuse(reply, 404, "the shelf has no such image");
    else if (strcmp(what, "file") == 0)
        thumbs_answer_file(entry.path, call->query(call, "download") ? entry.name : NULL, reply);
    else if (strcmp(what, "thumb") != 0 && strcmp(what, "view") != 0)
        studio_unknown(call, reply);
    else if (entry.kind == SHELF_STYLE)
        studio_refuse(reply, 404, "%s: a style file has no image", entry.name);
    else
        thumbs_answer(s, entry.path, entry.name, strcmp(what, "thumb") == 0 ? THUMB_SIDE : VIEW_SIDE, &made, reply);
}

/* To the trash, from where it can come back. */
static void forget(studio *s, const char *id, web_reply *reply) {
    shelf_entry entry;
    json_t *kept = shelf_find(s, id, &entry) ? shelf_kept(s, id) : NULL;
    if (!kept)
        studio_refuse(reply, 404, "the shelf has no such image");
    else if (queue_uses(s, id))
        studio_refuse(reply, 409, "%s: a run of the queue needs it", entry.name);
    else if (trash_take(entry.path, kept, reply))
        shelf_drop(s, entry.path);
    json_decref(kept);
}

void shelf_answer(studio *s, const web_call *call, web_reply *reply) {
    if (studio_is(call, "GET", 1))
        studio_reply(reply, 200, shelf_json(s));
    else if (studio_is(call, "POST", 1))
        intake_upload(s, call, reply);
    else if (studio_is(call, "GET", 3))
        answer_entry(s, call, reply);
    else if (studio_is(call, "POST", 3) && strcmp(call->path[2], "crop") == 0)
        intake_crop(s, call, reply);
    else if (studio_is(call, "POST", 3) && strcmp(call->path[2], "forget") == 0)
        forget(s, call->path[1], reply);
    else
        studio_unknown(call, reply);
}

/* ---- the demonstration's images ---- */

static json_t *draw(studio *s, const demo_image *demo, const char *role, web_reply *reply) {
    char name[64];
    pst_image *image = NULL;
    json_t *made = NULL;
    float *rgb = malloc(sizeof *rgb * 3 * (size_t)demo->width * (size_t)demo->height);
    if (rgb)
        demo->draw(demo->width, demo->height, rgb);
    snprintf(name, sizeof name, "pastiche-%s.png", demo->name);
    if (!rgb || pst_image_create(NULL, demo->width, demo->height, rgb, &image) != PST_OK)
        studio_refuse(reply, 500, "no memory left");
    if (image) {
        made = intake_image(s, librarian_take(s), image, 8, name, role, reply);
        librarian_give(s);
    }
    pst_image_destroy(image);
    free(rgb);
    return made;
}

void demo_answer(studio *s, const web_call *call, web_reply *reply) {
    if (!studio_is(call, "POST", 1)) {
        studio_unknown(call, reply);
        return;
    }
    json_t *images = json_array(), *one;
    bool good = true;
    for (int i = 0; i < DEMO_IMAGES && good; i++) {
        const char *role = i == DEMO_CONTENT ? "content" : "style";
        one = draw(s, &demo_images[i], role, reply);
        good = one && json_array_append_new(images, one) == 0;
    }
    if (good)
        studio_reply(reply, 200, json_pack("{s:O}", "images", images));
    json_decref(images);
}
