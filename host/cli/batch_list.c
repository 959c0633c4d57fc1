#include "cli/batch_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch_names.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"

static int no_memory(void) {
    complain("no memory left");
    return EXIT_FAILED;
}

/* ---- inputs ---- */

/* Says that a file is not there, or why it cannot be seen, by errno. */
static void complain_missing(const char *path) {
    if (errno == ENOENT || errno == ENOTDIR)
        complain("%s: there is no such file or folder", path);
    else
        complain("%s: cannot be opened (%s)", path, strerror(errno));
}

/* What the words mean, everything once. A name that leads nowhere is a slip, which is told before anything begins. */
static int expand(path_list *list, batch_list *all, const char *const *words, size_t count, bool styles) {
    path_list found = {0};
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = paths_expand(&found, &all->left_out, words[i], styles);
    for (size_t i = 0; good && i < found.count; i++) {
        const char *path = found.paths[i];
        good = file_exists(path);
        if (!good)
            complain_missing(path);
        else if (!paths_have(list, path))
            good = paths_add(list, path) && paths_add(&all->inputs, path);
    }
    paths_free(&found);
    return good ? EXIT_OK : EXIT_FAILED;
}

/* Results among the images of a folder would be taken for contents the next time. */
static int check_folder(const batch_list *list, const settings *s, const char *word) {
    bool inside = file_same(word, s->output);
    if (!inside && paths_is_pattern(word)) {
        const char *pattern = file_name(word);
        size_t length = (size_t)(pattern - word);
        char *folder = malloc(length + 2);
        if (!folder)
            return no_memory();
        snprintf(folder, length + 2, "%.*s", length ? (int)length : 1, length ? word : ".");
        for (size_t i = 0; file_same(folder, s->output) && i < list->count && !inside; i++)
            inside = paths_fit(pattern, file_name(list->items[i].output));
        free(folder);
    }
    if (inside)
        complain("%s: the results would be among these images and become inputs of the next run; choose another "
                 "folder for -o",
                 word);
    return inside ? EXIT_USAGE : EXIT_OK;
}

/* ---- the list ---- */

static int list_styles(batch_list *list, const settings *s) {
    if (!s->style_list)
        return expand(&list->styles, list, s->each_style, s->each_style_count, true);
    for (size_t i = 0; i < s->style_count; i++) {
        if (!file_exists(s->styles[i])) {
            complain_missing(s->styles[i]);
            return EXIT_FAILED;
        }
        if (!paths_add(&list->inputs, s->styles[i]))
            return EXIT_FAILED;
    }
    list->blend_name = batch_blend_name(s);
    return !list->blend_name ? no_memory() : paths_add(&list->styles, "") ? EXIT_OK : EXIT_FAILED;
}

int batch_list_make(batch_list *list, const settings *s) {
    *list = (batch_list){0};
    int code = EXIT_OK;
    if (file_exists(s->output) && !file_is_folder(s->output)) {
        complain("%s: is a file; -o takes the folder of a batch's results", s->output);
        code = EXIT_USAGE;
    } else if (file_is_image(s->output) && !file_is_folder(s->output)) {
        complain("%s: is the name of an image; -o takes the folder of a batch's results, and --name their names",
                 s->output);
        code = EXIT_USAGE;
    }
    if (code == EXIT_OK)
        code = expand(&list->contents, list, s->contents, s->content_count, false);
    if (code == EXIT_OK)
        code = list_styles(list, s);
    if (code == EXIT_OK)
        code = batch_name_items(list, s);
    for (size_t i = 0; code == EXIT_OK && i < s->content_count; i++)
        code = check_folder(list, s, s->contents[i]);
    for (size_t i = 0; code == EXIT_OK && i < s->each_style_count; i++)
        code = check_folder(list, s, s->each_style[i]);
    for (size_t i = 0; code == EXIT_OK && i < list->count; i++) {
        batch_item *item = &list->items[i];
        if (!s->overwrite && file_exists(item->output) && !file_is_folder(item->output))
            item->state = BATCH_THERE;
    }
    return code;
}

settings batch_item_settings(const batch_list *list, const settings *s, const batch_item *item) {
    settings one = *s;
    one.content = list->contents.paths[item->content];
    one.output = item->output;
    one.about = item->output;
    one.inputs = &list->inputs;
    one.results = &list->results;
    if (!s->style_list) {
        one.styles = (const char **)&list->styles.paths[item->style];
        one.style_count = 1;
    }
    return one;
}

char *batch_item_title(const batch_list *list, const batch_item *item, char *text, size_t size) {
    snprintf(text, size, "%s in the style of %s", file_name(list->contents.paths[item->content]),
             list->blend_name ? list->blend_name : file_name(list->styles.paths[item->style]));
    return text;
}

size_t batch_count(const batch_list *list, batch_state state) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].state == state;
    return count;
}

void batch_list_free(batch_list *list) {
    for (size_t i = 0; list->items && i < list->count; i++)
        free(list->items[i].output);
    free(list->items);
    free(list->blend_name);
    paths_free(&list->contents);
    paths_free(&list->styles);
    paths_free(&list->inputs);
    paths_free(&list->results);
    paths_free(&list->left_out);
    *list = (batch_list){0};
}
