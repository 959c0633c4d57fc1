#include "cli/studio/names.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/paths.h"
#include "package/printable.h"
#include "web/platform.h"

bool id_make(char id[ID_MOST]) {
    unsigned char bytes[(ID_MOST - 1) / 2];
    if (!web_random(bytes, sizeof bytes))
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

bool id_is(const char *text) { return strlen(text) == ID_MOST - 1 && strspn(text, "0123456789abcdef") == ID_MOST - 1; }

bool name_can_be_told(const char *name) {
    uint32_t code = 0;
    if (*name == '.' || !*name)
        return false;
    for (size_t length; *name; name += length)
        if ((length = pst_character(name, &code)) == 0 || !pst_character_for_names(code))
            return false;
    return true;
}

void mark_keep(const file_mark *mark, json_t *object) {
    json_object_set_new(object, "bytes", json_integer((json_int_t)mark->bytes));
    json_object_set_new(object, "changed", json_integer((json_int_t)mark->changed));
    json_object_set_new(object, "device", json_integer((json_int_t)mark->device));
    json_object_set_new(object, "number", json_integer((json_int_t)mark->number));
}

static json_int_t number_of(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

file_mark mark_kept(const json_t *object) {
    return (file_mark){.device = (unsigned long long)number_of(object, "device"),
                       .number = (unsigned long long)number_of(object, "number"),
                       .bytes = (unsigned long long)number_of(object, "bytes"),
                       .changed = number_of(object, "changed")};
}

bool mark_is(const file_mark *a, const file_mark *b) {
    return a->bytes == b->bytes && a->changed == b->changed && a->number == b->number && a->device == b->device;
}

void folder_remove(const char *path) {
    path_list names = {0};
    char file[4096];
    if (paths_read_names(path, &names))
        for (size_t i = 0; i < names.count; i++) {
            snprintf(file, sizeof file, "%s/%s", path, names.paths[i]);
            if (!file_is_folder(file))
                remove(file);
        }
    remove(path);
    paths_free(&names);
}
