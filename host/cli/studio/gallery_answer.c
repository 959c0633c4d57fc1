/* What is asked of the gallery. */
#include <stdlib.h>
#include <string.h>

#include "cli/studio/from_record.h"
#include "cli/studio/gallery.h"
#include "cli/studio/record_summary.h"
#include "cli/studio/thumbs.h"
#include "cli/studio/trash.h"

enum { COUNT_USUAL = 60, COUNT_MOST = 1000 };

/* A number of the query; where it is none, the usual one. */
static size_t number_in(const web_call *call, const char *name, size_t usual) {
    const char *text = call->query(call, name);
    return text && *text && strlen(text) < 10 && strspn(text, "0123456789") == strlen(text)
               ? (size_t)strtoull(text, NULL, 10)
               : usual;
}

static void answer_list(studio *s, const web_call *call, web_reply *reply) {
    const size_t count = number_in(call, "count", COUNT_USUAL);
    studio_reply(reply, 200,
                 gallery_json(s, number_in(call, "from", 0), count < COUNT_MOST ? count : (size_t)COUNT_MOST));
}

static void answer_copy(studio *s, const char *name, int side, web_reply *reply) {
    thumb made;
    const file_mark mark = file_mark_of(name);
    thumbs_answer(s, name, name, side, &made, reply);
    if (made.width)
        gallery_note_size(s, name, &mark, made.width, made.height);
}

static void answer_record(const char *name, web_reply *reply) {
    json_t *record = record_read(name);
    if (record)
        studio_reply(reply, 200, record);
    else
        studio_refuse(reply, 404, "%s: has no record of how it was made", name);
}

static void answer_result(studio *s, const web_call *call, web_reply *reply) {
    const char *name = call->path[1], *what = call->path[2];
    if (strcmp(what, "thumb") == 0)
        answer_copy(s, name, THUMB_SIDE, reply);
    else if (strcmp(what, "view") == 0)
        answer_copy(s, name, VIEW_SIDE, reply);
    else if (strcmp(what, "file") == 0)
        thumbs_answer_file(name, call->query(call, "download") ? name : NULL, reply);
    else if (strcmp(what, "record") == 0)
        answer_record(name, reply);
    else if (strcmp(what, "run") == 0)
        from_record_reply(s, name, name, reply);
    else
        studio_unknown(call, reply);
}

void gallery_answer(studio *s, const web_call *call, web_reply *reply) {
    const bool deletes = studio_is(call, "POST", 3) && strcmp(call->path[2], "delete") == 0;
    if (studio_is(call, "GET", 1))
        answer_list(s, call, reply);
    else if (!studio_is(call, "GET", 3) && !deletes)
        studio_unknown(call, reply);
    else if (!gallery_has(s, call->path[1]))
        studio_refuse(reply, 404, "the folder has no such result");
    else if (!deletes)
        answer_result(s, call, reply);
    else if (trash_take(call->path[1], NULL, reply))
        studio_tell(s, STUDIO_EVENT_RESULTS, NULL);
}
