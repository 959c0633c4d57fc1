#include "cli/batch_list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"

static const char default_name[] = "{content}__{style}.png";

static int no_memory(void) {
    complain("no memory left");
    return EXIT_FAILED;
}

/* ---- inputs ---- */

static bool has(const path_list *list, const char *path) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->paths[i], path) == 0)
            return true;
    return false;
}

/* What the words mean, everything once. A name that leads nowhere is a slip, which is told before anything begins. */
static int expand(path_list *list, path_list *inputs, const char *const *words, size_t count, bool styles) {
    path_list found = {0};
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = paths_expand(&found, words[i], styles);
    for (size_t i = 0; good && i < found.count; i++) {
        const char *path = found.paths[i];
        good = file_exists(path);
        if (!good)
            complain("%s: there is no such file or folder", path);
        else if (!has(list, path))
            good = paths_add(list, path) && paths_add(inputs, path);
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

/* ---- names ---- */

/* "a+b" for a blend of folder/a.jpg and b.png, as --style-image names them. */
static char *name_blend(const settings *s) {
    char *name = calloc(strlen(s->style_list) + 2, 1);
    if (!name)
        return NULL;
    bool single = file_exists(s->style_list); /* a name with commas in it */
    for (const char *part = s->style_list; *part;) {
        size_t length = single ? strlen(part) : strcspn(part, ",");
        char *end = name + strlen(name), *copy = memcpy(end + (end > name), part, length);
        copy[length] = '\0';
        while (length > 1 && (copy[length - 1] == '/' || copy[length - 1] == '\\'))
            copy[--length] = '\0';
        const char *base = file_name(copy);
        size_t base_length = file_is_folder(copy) ? strlen(base) : file_base(base);
        memmove(copy, base, base_length);
        copy[base_length] = '\0';
        if (end > name)
            *end = '+';
        for (char *c = copy; *c; c++)
            *c = *c == '*' || *c == '?' ? '_' : *c; /* of a pattern; not all systems have such files */
        part += single ? strlen(part) : strcspn(part, ",");
        part += *part == ',';
    }
    return name;
}

/* The template with its marks filled in, in the folder of the results; NULL if memory is short. */
static char *fill_in(const settings *s, const char *content, size_t content_length, const char *style,
                     size_t style_length) {
    const char *from = s->name ? s->name : default_name;
    size_t size = strlen(s->output) + 2 + strlen(from) + (content_length + style_length) * strlen(from);
    char *path = malloc(size), *to = path;
    if (!path)
        return NULL;
    bool closed = s->output[strlen(s->output) - 1] == '/';
    to += snprintf(path, size, "%s%s", s->output, closed ? "" : "/");
    while (*from) {
        bool is_content = strncmp(from, "{content}", 9) == 0, is_style = strncmp(from, "{style}", 7) == 0;
        size_t length = is_content ? content_length : is_style ? style_length : 1;
        memcpy(to, is_content ? content : is_style ? style : from, length);
        to += length;
        from += is_content ? 9 : is_style ? 7 : 1;
    }
    *to = '\0';
    return path;
}

static int check_template(const char *name) {
    for (const char *c = name; (c = strchr(c, '{')); c++) {
        if (strncmp(c, "{content}", 9) != 0 && strncmp(c, "{style}", 7) != 0) {
            complain("--name \"%s\": {content} and {style} are all that it can have in braces", name);
            return EXIT_USAGE;
        }
    }
    return EXIT_OK;
}

static int name_items(batch_list *list, const settings *s) {
    size_t count = list->contents.count * list->styles.count;
    list->items = calloc(count ? count : 1, sizeof *list->items);
    if (!list->items)
        return no_memory();
    for (; list->count < count; list->count++) {
        batch_item *item = &list->items[list->count];
        item->content = list->count / list->styles.count;
        item->style = list->count % list->styles.count;
        const char *content = file_name(list->contents.paths[item->content]),
                   *style = file_name(list->styles.paths[item->style]);
        size_t style_length = list->blend_name ? strlen(list->blend_name) : file_base(style);
        item->output =
            fill_in(s, content, file_base(content), list->blend_name ? list->blend_name : style, style_length);
        if (!item->output)
            return no_memory();
    }
    return EXIT_OK;
}

/* Where the system takes "A" and "a" for one file, so do we. */
static int compare_names(const char *a, const char *b) {
#if defined(_WIN32) || defined(__APPLE__)
    for (; *a && tolower((unsigned char)*a) == tolower((unsigned char)*b); a++, b++)
        continue;
    return tolower((unsigned char)*a) - tolower((unsigned char)*b);
#else
    return strcmp(a, b);
#endif
}

static int by_output(const void *a, const void *b) {
    const batch_item *const *first = a, *const *second = b;
    return compare_names((*first)->output, (*second)->output);
}

static int check_clashes(const batch_list *list) {
    const batch_item **sorted = malloc(list->count * sizeof *sorted), *clash = NULL;
    if (!sorted)
        return no_memory();
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = &list->items[i];
    qsort(sorted, list->count, sizeof *sorted, by_output);
    for (size_t i = 1; i < list->count && !clash; i++) {
        const batch_item *a = sorted[i - 1], *b = sorted[i];
        if (compare_names(a->output, b->output) != 0)
            continue;
        clash = a;
        const path_list *from = a->content != b->content ? &list->contents : &list->styles;
        complain("%s: would be the result of %s and of %s; rename one of them, or see --name", clash->output,
                 from->paths[a->content != b->content ? a->content : a->style],
                 from->paths[a->content != b->content ? b->content : b->style]);
    }
    free(sorted);
    return clash ? EXIT_USAGE : EXIT_OK;
}

/* ---- the list ---- */

static int list_styles(batch_list *list, const settings *s) {
    if (!s->style_list)
        return expand(&list->styles, &list->inputs, s->each_style, s->each_style_count, true);
    for (size_t i = 0; i < s->style_count; i++) {
        if (!file_exists(s->styles[i])) {
            complain("%s: there is no such file or folder", s->styles[i]);
            return EXIT_FAILED;
        }
        if (!paths_add(&list->inputs, s->styles[i]))
            return EXIT_FAILED;
    }
    list->blend_name = name_blend(s);
    return !list->blend_name ? no_memory() : paths_add(&list->styles, "") ? EXIT_OK : EXIT_FAILED;
}

int batch_list_make(batch_list *list, const settings *s) {
    *list = (batch_list){0};
    int code = s->name ? check_template(s->name) : EXIT_OK;
    if (code == EXIT_OK && file_exists(s->output) && !file_is_folder(s->output)) {
        complain("%s: is a file; -o takes the folder of a batch's results", s->output);
        code = EXIT_USAGE;
    } else if (code == EXIT_OK && file_is_image(s->output) && !file_is_folder(s->output)) {
        complain("%s: is the name of an image; -o takes the folder of a batch's results, and --name their names",
                 s->output);
        code = EXIT_USAGE;
    }
    if (code == EXIT_OK)
        code = expand(&list->contents, &list->inputs, s->contents, s->content_count, false);
    if (code == EXIT_OK)
        code = list_styles(list, s);
    if (code == EXIT_OK)
        code = name_items(list, s);
    if (code == EXIT_OK)
        code = check_clashes(list);
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
    one.inputs = &list->inputs;
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
    *list = (batch_list){0};
}
