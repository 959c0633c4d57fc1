/* api/forecast: what a RUN would be, without a device. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/options/file_names.h"
#include "cli/studio/queue.h"
#include "cli/studio/run_line.h"
#include "cli/studio/shelf.h"
#include "web/json.h"

/* As pst_plan has it. */
static void fit(const shelf_entry *content, int longer_side, int *width, int *height) {
    const bool wide = content->width >= content->height;
    const int longer = wide ? content->width : content->height, shorter = wide ? content->height : content->width;
    int scaled = longer > 0 ? (int)((int64_t)longer_side * shorter / longer) : longer_side;
    scaled = scaled < 1 ? 1 : scaled;
    *width = wide ? longer_side : scaled;
    *height = wide ? scaled : longer_side;
}

/* What the line paints and how long that takes. */
static json_t *foretell(studio *s, const json_t *run, const command_line *line, const settings *read) {
    shelf_entry content = {0};
    pst_catalogue *catalogue;
    const char *path;
    int width, height;
    double bytes = -1, seconds = -1;
    shelf_find(s, json_string_value(json_object_get(run, "content")), &content);
    fit(&content, read->transfer.image_size, &width, &height);
    if (pst_catalogue_open(&catalogue) == PST_OK && pst_catalogue_find(catalogue, read->model, &path) == PST_OK)
        seconds = queue_forecast(s, file_name(path), (double)width * height, read->transfer.iterations, &bytes);
    pst_catalogue_close(catalogue);
    char *text = line_text(line);
    json_t *made = json_pack("{s:o, s:i, s:i, s:i, s:o, s:o, s:b}", "command", web_json_text(text), "width", width,
                             "height", height, "iterations", read->transfer.iterations, "seconds",
                             seconds >= 0 ? web_json_number(seconds, 3) : json_null(), "bytes",
                             bytes >= 0 ? json_integer((json_int_t)bytes) : json_null(), "fits", 1);
    free(text);
    return made;
}

void forecast_answer(studio *s, const web_call *call, web_reply *reply) {
    if (!studio_is(call, "POST", 1)) {
        studio_unknown(call, reply);
        return;
    }
    json_t *body = studio_body(call, reply), *run = body ? run_line_settle(s, body) : NULL;
    char name[FOLDER_NAME_MOST];
    run_problem problem = {0};
    command_line line = {0};
    settings read = {0};
    if (run) {
        folder_free_name("", run_line_name(s, run, name), NULL, NULL);
        if (run_line_make(s, run, name, &line, &problem) && run_line_read(&line, &read, &problem))
            studio_reply(reply, 200, foretell(s, run, &line, &read));
        else
            run_line_refuse(reply, &problem);
    }
    options_free(&read);
    line_free(&line);
    json_decref(run);
    json_decref(body);
}
