#include "cli/batch_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"

static const char default_name[] = "{content}__{style}.png";

/* Tried in this order where names clash; the ending is added. */
static const char *const distinct[] = {
    "{content-file}__{style-file}",
    "{content-folder}/{content}__{style}",
    "{content}__{style-folder}_{style}",
    "{content-folder}/{content-file}__{style-folder}_{style-file}",
};

static int no_memory(void) {
    complain("no memory left");
    return EXIT_FAILED;
}

static bool is_separator(char c) { return c == '/' || c == '\\'; }

char *batch_blend_name(const settings *s) {
    char *name = calloc(strlen(s->style_list) + 2, 1);
    if (!name)
        return NULL;
    bool single = file_exists(s->style_list); /* a name with commas in it */
    for (const char *part = s->style_list; *part;) {
        size_t length = single ? strlen(part) : strcspn(part, ",");
        char *end = name + strlen(name), *copy = memcpy(end + (end > name), part, length);
        copy[length] = '\0';
        while (length > 1 && is_separator(copy[length - 1]))
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

/* ---- templates ---- */

/* A part of a template, and what it stands for. */
typedef struct mark {
    const char *name, *text;
    size_t length;
} mark;
enum { MARKS = 6 };
#define MARK_NAMES "{content}, {style}, {content-file}, {style-file}, {content-folder} and {style-folder}"

/* The last folder of a path; nothing where the path names none, as "../photo.png". */
static mark folder_mark(const char *name, const char *path) {
    size_t end = (size_t)(file_name(path) - path);
    while (end > 0 && is_separator(path[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && !is_separator(path[begin - 1]))
        begin--;
    bool named = strspn(path + begin, ".") < end - begin;
    return (mark){name, path + begin, named ? end - begin : 0};
}

static void make_marks(const batch_list *list, const batch_item *item, mark marks[MARKS]) {
    const char *content = list->contents.paths[item->content], *style = list->styles.paths[item->style];
    const char *content_file = file_name(content), *style_file = list->blend_name ? list->blend_name : file_name(style);
    size_t style_length = strlen(style_file);
    marks[0] = (mark){"{content}", content_file, file_base(content_file)};
    marks[1] = (mark){"{style}", style_file, list->blend_name ? style_length : file_base(style_file)};
    marks[2] = (mark){"{content-file}", content_file, strlen(content_file)};
    marks[3] = (mark){"{style-file}", style_file, style_length};
    marks[4] = folder_mark("{content-folder}", content);
    marks[5] = folder_mark("{style-folder}", style);
}

static const mark *mark_at(const char *text, const mark marks[MARKS]) {
    for (const mark *m = marks; m < marks + MARKS; m++)
        if (strncmp(text, m->name, strlen(m->name)) == 0)
            return m;
    return NULL;
}

static int check_template(const char *name) {
    const batch_list none = {.contents.paths = (char *[]){""}, .styles.paths = (char *[]){""}};
    mark marks[MARKS];
    make_marks(&none, &(batch_item){0}, marks);
    for (const char *c = name; (c = strchr(c, '{')); c++) {
        if (!mark_at(c, marks)) {
            complain("--name \"%s\": " MARK_NAMES " are all that it can have in braces", name);
            return EXIT_USAGE;
        }
    }
    return EXIT_OK;
}

/* The template with its marks filled in, in the folder of the results; NULL if memory is short. */
static char *fill_in(const settings *s, const char *from, const mark marks[MARKS]) {
    size_t longest = 1;
    for (const mark *m = marks; m < marks + MARKS; m++)
        longest = m->length > longest ? m->length : longest;
    size_t size = strlen(s->output) + 2 + strlen(from) * longest;
    char *path = malloc(size), *to = path;
    if (!path)
        return NULL;
    bool closed = s->output[strlen(s->output) - 1] == '/';
    to += snprintf(path, size, "%s%s", s->output, closed ? "" : "/");
    while (*from) {
        const mark *m = mark_at(from, marks);
        memcpy(to, m ? m->text : from, m ? m->length : 1);
        to += m ? m->length : 1;
        from += m ? strlen(m->name) : 1;
    }
    *to = '\0';
    return path;
}

/* Names all items, anew if they had names. */
static bool name_by(batch_list *list, const settings *s, const char *template) {
    bool good = true;
    for (size_t i = 0; i < list->count && good; i++) {
        batch_item *item = &list->items[i];
        mark marks[MARKS];
        make_marks(list, item, marks);
        free(item->output);
        item->output = fill_in(s, template, marks);
        good = item->output != NULL;
    }
    return good;
}

/* ---- names that clash ---- */

/* Some systems take "A" and "a" for one file, and results travel. */
static int compare_names(const char *a, const char *b) {
    for (; *a && tolower((unsigned char)*a) == tolower((unsigned char)*b); a++, b++)
        continue;
    return tolower((unsigned char)*a) - tolower((unsigned char)*b);
}

static int by_output(const void *a, const void *b) {
    const batch_item *const *first = a, *const *second = b;
    return compare_names((*first)->output, (*second)->output);
}

/* Two items of one name; sorts the items' pointers for it. */
static bool find_clash(const batch_item **sorted, size_t count, const batch_item **a, const batch_item **b) {
    qsort(sorted, count, sizeof *sorted, by_output);
    for (size_t i = 1; i < count; i++)
        if (by_output(&sorted[i - 1], &sorted[i]) == 0) {
            *a = sorted[i - 1], *b = sorted[i];
            return true;
        }
    return false;
}

static void complain_of_clash(const batch_list *list, const char *name, bool same, const batch_item *a,
                              const batch_item *b, const char *hint) {
    bool contents = a->content != b->content;
    const path_list *from = contents ? &list->contents : &list->styles;
    complain("%s: would be the result of %s and of %s%s; rename one of them,%s%s%s or paint them in two runs with "
             "different folders for -o",
             name, from->paths[contents ? a->content : a->style], from->paths[contents ? b->content : b->style],
             same ? "" : " where the system ignores case", hint ? " use --name \"" : "", hint ? hint : "",
             hint ? "\"," : "");
}

static int check_clashes(batch_list *list, const settings *s, const char *template) {
    const batch_item **sorted = malloc((list->count + 1) * sizeof *sorted), *a, *b, *c, *d;
    char hint[128], *name = NULL;
    bool good = sorted != NULL, clash = false, cured = false, same = false;
    for (size_t i = 0; i < list->count && good; i++)
        sorted[i] = &list->items[i];
    if (good && find_clash(sorted, list->count, &a, &b)) {
        clash = true;
        name = malloc(strlen(a->output) + 1);
        good = name != NULL;
        if (good)
            strcpy(name, a->output);
        same = strcmp(a->output, b->output) == 0;
        const char *ending = strrchr(file_name(template), '.');
        for (size_t i = 0; i < sizeof distinct / sizeof *distinct && good && !cured; i++) {
            snprintf(hint, sizeof hint, "%s%s", distinct[i], ending && strlen(ending) < 8 ? ending : ".png");
            good = name_by(list, s, hint);
            cured = good && !find_clash(sorted, list->count, &c, &d);
        }
        if (good)
            complain_of_clash(list, name, same, a, b, cured ? hint : NULL);
    }
    free(name);
    free(sorted);
    return !good ? no_memory() : clash ? EXIT_USAGE : EXIT_OK;
}

/* Whether a path is OUT_N of an output, and is written on the way. */
static bool is_on_the_way(const settings *s, const char *output, const char *path) {
    size_t base = (size_t)(file_name(output) - output) + file_base(file_name(output));
    char *end;
    if (strlen(path) <= base + 1 || path[base] != '_' || !isdigit((unsigned char)path[base + 1]))
        return false;
    long number = strtol(path + base + 1, &end, 10);
    if (number < 1 || number >= s->transfer.iterations || number % s->save_every != 0 ||
        compare_names(end, output + base) != 0)
        return false;
    char *numbered = file_numbered(output, (int)number);
    bool same = numbered && compare_names(numbered, path) == 0;
    free(numbered);
    return same;
}

static int check_numbered(const batch_list *list, const settings *s) {
    for (size_t i = 0; s->save_every > 0 && i < list->count; i++)
        for (size_t j = 0; j < list->count; j++) {
            const char *output = list->items[i].output, *path = list->items[j].output;
            if (is_on_the_way(s, output, path)) {
                complain("%s: would be a result, and an image on the way to %s; choose another --save-iter, or paint "
                         "them in two runs with different folders for -o",
                         path, output);
                return EXIT_USAGE;
            }
        }
    return EXIT_OK;
}

int batch_name_items(batch_list *list, const settings *s) {
    const char *template = s->name ? s->name : default_name;
    size_t count = list->contents.count * list->styles.count;
    int code = check_template(template);
    if (code != EXIT_OK)
        return code;
    list->items = calloc(count ? count : 1, sizeof *list->items);
    if (!list->items)
        return no_memory();
    for (; list->count < count; list->count++) {
        list->items[list->count].content = list->count / list->styles.count;
        list->items[list->count].style = list->count % list->styles.count;
    }
    if (!name_by(list, s, template))
        return no_memory();
    code = check_clashes(list, s, template);
    if (code == EXIT_OK)
        code = check_numbered(list, s);
    for (size_t i = 0; i < list->count && code == EXIT_OK; i++)
        code = paths_add(&list->results, list->items[i].output) ? EXIT_OK : no_memory();
    return code;
}
