#include "cli/studio/record_summary.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/file_names.h"
#include "cli/run/record.h"
#include "package/printable.h"
#include "pastiche.h"
#include "web/json.h"

enum { STYLES_MOST = 16 };

json_t *record_read(const char *path) {
    char *text = NULL;
    json_t *root = NULL;
    if (pst_image_metadata(NULL, path, &text) == PST_OK && text)
        root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    pst_bytes_destroy(text);
    if (json_is_object(root) && json_is_array(json_object_get(root, "options")))
        return root;
    json_decref(root);
    return NULL;
}

/* The name of a file that a record names: of any length, from anybody. */
static json_t *name_in(const json_t *file) {
    char name[200];
    snprintf(name, sizeof name, "%s", file_name(record_text_of(file, "path")));
    pst_make_printable(name, sizeof name);
    return web_json_text(name);
}

json_t *record_summary(const char *path) {
    json_t *record = record_read(path), *styles = json_array(), *style;
    size_t i;
    if (!record) {
        json_decref(styles);
        return json_null();
    }
    json_array_foreach(json_object_get(record, "styles"), i, style) {
        if (i < STYLES_MOST)
            json_array_append_new(styles, name_in(style));
    }
    json_t *made = json_pack("{s:o, s:o, s:I, s:b}", "content", name_in(json_object_get(record, "content")), "styles",
                             styles, "iterations", json_integer_value(json_object_get(record, "iterations")), "stopped",
                             json_is_true(json_object_get(record, "stopped")));
    json_decref(record);
    return made;
}
