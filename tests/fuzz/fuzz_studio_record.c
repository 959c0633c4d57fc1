/* The record in an image that somebody drops on the studio: whatever it says, the run that comes of it is made from
 * what lies on the shelf alone, and has options that a run may have and nothing else. The input is JSON. */
#include <string.h>

#include <jansson.h>

#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/run/record.h"
#include "cli/studio/events.h"
#include "cli/studio/from_record.h"
#include "cli/studio/gallery.h"
#include "cli/studio/librarian.h"
#include "cli/studio/run_line.h"
#include "cli/studio/shelf_intake.h"
#include "fuzz.h"
#include "program.h"

enum { LIST_MOST = 16 };

static const char pixel[] = "P6 1 1 255\nabc"; /* whose SHA-256 the corpus knows */

static studio *open_studio(void) {
    static studio s;
    if (s.librarian)
        return &s;
    FUZZ_PROMISE(file_make_folders(STUDIO_THUMBS "/.") && file_make_folders(STUDIO_SOURCES "/."));
    FUZZ_PROMISE(events_open(&s) && librarian_open(&s) && shelf_open(&s) && gallery_open(&s));
    fuzz_file(STUDIO_SOURCES "/pixel.ppm", pixel, sizeof pixel - 1);
    FUZZ_PROMISE(intake_adopt(&s) && !intake_adopt(&s));
    return &s;
}

static bool is_on_shelf(studio *s, const json_t *id) {
    shelf_entry entry;
    return json_is_string(id) && shelf_find(s, json_string_value(id), &entry);
}

static void check_options(json_t *options) {
    const char *name;
    json_t *value;
    json_object_foreach(options, name, value) {
        const option *o = record_option(name);
        FUZZ_PROMISE((o && run_line_takes(o)) || strcmp(name, "model") == 0 || strcmp(name, "start") == 0);
        FUZZ_PROMISE(json_is_string(value) || json_is_true(value));
    }
}

static void check_run(studio *s, json_t *run) {
    json_t *styles = json_object_get(run, "styles"), *masks = json_object_get(run, "style_masks"), *value;
    const char *name;
    FUZZ_PROMISE(json_array_size(styles) <= LIST_MOST && json_array_size(masks) <= LIST_MOST);
    for (size_t i = 0; i < json_array_size(styles); i++)
        FUZZ_PROMISE(is_on_shelf(s, json_object_get(json_array_get(styles, i), "id")));
    for (size_t i = 0; i < json_array_size(masks); i++)
        FUZZ_PROMISE(json_is_string(json_array_get(masks, i)));
    check_options(json_object_get(run, "options"));
    json_object_foreach(run, name, value) {
        const bool known = value == styles || value == masks || strcmp(name, "options") == 0;
        FUZZ_PROMISE(known || (strcmp(name, "content") == 0 && json_is_null(value)) || is_on_shelf(s, value));
    }
}

static void check_lines(const json_t *lines) {
    FUZZ_PROMISE(json_array_size(lines) <= LIST_MOST);
    for (size_t i = 0; i < json_array_size(lines); i++)
        fuzz_check_text(json_string_value(json_array_get(lines, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    fuzz_program_begin();
    studio *s = open_studio();
    json_t *record = json_loadb((const char *)data, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(record) && json_is_array(json_object_get(record, "options"))) {
        json_t *told = from_record_make(s, record);
        FUZZ_PROMISE(told && json_object_size(told) == 3);
        check_run(s, json_object_get(told, "run"));
        check_lines(json_object_get(told, "missing"));
        check_lines(json_object_get(told, "notes"));
        json_decref(told);
    }
    json_decref(record);
    return 0;
}
