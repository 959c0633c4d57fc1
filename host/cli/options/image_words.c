#include "cli/options/image_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/options/values.h"

#define STRENGTH_DECADES 3.0 /* of the weights, from 0 to 1 */
#define STRENGTH_USUAL 0.75  /* beyond, images change less and less */

/* ---- names of files ---- */

/* A leading ~ is the user's folder: shells leave it alone behind "=" and ",". */
static bool expand(settings *s, const char **path) {
    if (!*path || !file_is_at_home(*path))
        return true;
    char **longer = realloc(s->expanded, (s->expanded_count + 1) * sizeof *longer);
    char *expanded = longer ? file_from_home(*path) : NULL;
    s->expanded = longer ? longer : s->expanded;
    if (!expanded) {
        complain("%s: ~ cannot be replaced: HOME is not set, or no memory is left", *path);
        return false;
    }
    *path = s->expanded[s->expanded_count++] = expanded;
    return true;
}

bool names_expand(settings *s) {
    bool good = true;
    if (s->choices && strcmp(s->choices, "none") == 0)
        s->choices = "";
    for (const option *o = option_table; good && o < option_table + option_table_size; o++)
        if (o->kind == OPTION_FILE_NAME && option_is_of(o, s->command))
            good = expand(s, (const char **)(void *)((char *)s + o->offset));
    for (size_t i = 0; good && i < s->word_count; i++)
        good = expand(s, &s->words[i]);
    for (size_t i = 0; good && i < s->mask_count; i++)
        good = expand(s, (const char **)&s->style_masks[i]);
    for (size_t i = 0; good && i < s->each_style_count; i++)
        good = expand(s, &s->each_style[i]);
    return good;
}

/* neural-style's list of styles, but a file whose name has commas is one style. */
static bool split_styles(settings *s) {
    if (file_exists(s->style_list)) {
        s->styles[s->style_count++] = s->style_list;
        return true;
    }
    size_t count = 0;
    s->style_parts = value_list(s->style_list, &count);
    const char **styles = s->style_parts ? realloc(s->styles, count * sizeof *styles) : NULL;
    if (!styles) {
        complain("--style-image \"%s\": a name between the commas is empty", s->style_list);
        return false;
    }
    s->styles = styles;
    for (; s->style_count < count; s->style_count++)
        styles[s->style_count] = s->style_parts[s->style_count];
    for (size_t i = 0; i < count; i++)
        if (!expand(s, &styles[i]))
            return false;
    return true;
}

/* As in neural-style-pt, a folder of styles means all images in it. */
static bool expand_styles(settings *s) {
    bool stored = s->command != &command_table[COMMAND_STYLE_MAKE]; /* style files cannot be made from each other */
    for (size_t i = 0; i < s->style_count; i++)
        if (!paths_expand(&s->style_files, &s->left_out, s->styles[i], stored))
            return false;
    s->style_count = s->style_files.count;
    const char **styles = realloc(s->styles, (s->style_count + 1) * sizeof *styles);
    if (!styles) {
        complain("no memory left");
        return false;
    }
    s->styles = styles;
    for (size_t i = 0; i < s->style_count; i++)
        styles[i] = s->style_files.paths[i];
    return true;
}

/* A pattern for one content is fine if one image fits. */
static bool expand_content(settings *s) {
    path_list found = {0};
    bool good = true;
    if (paths_is_pattern(s->content)) {
        good = paths_expand(&found, &s->left_out, s->content, false);
        if (good && found.count > 1)
            complain("%s: %zu images fit; pastiche batch CONTENT... --styles STYLE... -o FOLDER paints them all",
                     s->content, found.count);
        good = good && found.count == 1;
        if (good)
            s->content = s->content_file = found.paths[0], found.paths[0] = NULL;
    }
    paths_free(&found);
    return good;
}

/* ---- contents and styles ---- */

/* The styles are the words from the index on, or those of --style-image. */
static bool take_styles(settings *s, size_t next) {
    if (s->style_list)
        return split_styles(s);
    while (next < s->word_count)
        s->styles[s->style_count++] = s->words[next++];
    return true;
}

static bool take_run(settings *s) {
    size_t next = 0;
    if (!s->content && s->word_count > 0)
        s->content = s->words[next++];
    bool both = s->style_list && next < s->word_count;
    if (!s->content)
        complain("no content image given; see pastiche --help");
    else if (both)
        complain("%s: styles are given as arguments and by --style-image; use one of them", s->words[next]);
    if (!s->content || both || !take_styles(s, next))
        return false;
    if (s->style_count == 0 && s->word_count == 1 && !file_exists(s->content))
        complain("%s: no command and no file has this name; see pastiche --help", s->content);
    else if (s->style_count == 0)
        complain("no style image given; usage: pastiche CONTENT STYLE... -o OUT");
    return s->style_count > 0 && expand_content(s);
}

static bool take_batch(settings *s) {
    if (s->content)
        s->contents[s->content_count++] = s->content;
    for (size_t i = 0; i < s->word_count; i++)
        s->contents[s->content_count++] = s->words[i];
    s->content = NULL;
    const char *problem = s->content_count == 0 ? "no content image given"
                          : s->style_list && s->each_style_count
                              ? "styles are given by --styles and by --style-image; use one of them"
                          : !s->style_list && !s->each_style_count ? "no style image given behind --styles"
                          : !s->output                             ? "no folder for the results given by -o"
                                                                   : NULL;
    if (problem)
        complain("%s; usage: pastiche batch CONTENT... --styles STYLE... -o FOLDER", problem);
    return !problem && (!s->style_list || split_styles(s));
}

static bool take_style(settings *s) {
    const char *problem = s->style_list && s->word_count
                              ? "images are given as arguments and by --style-image; use one of them"
                          : !s->style_list && !s->word_count ? "no image of the style given"
                          : !s->output                       ? "no file for the style given by -o"
                                                             : NULL;
    if (problem)
        complain("%s; usage: pastiche style make IMAGE... -o OUT.style", problem);
    return !problem && take_styles(s, 0);
}

/* ---- what several options say together ---- */

/* Standard input can be read once, and there are no images on the way to standard output. */
static bool check_streams(settings *s) {
    int inputs = s->content && strcmp(s->content, "-") == 0;
    inputs += s->start == START_FILE && strcmp(s->start_file, "-") == 0;
    for (size_t i = 0; i < s->style_count; i++)
        inputs += strcmp(s->styles[i], "-") == 0;
    if (s->output && strcmp(s->output, "-") == 0)
        s->save_every = 0;
    if (inputs > 1)
        complain("-: standard input can be only one of the images");
    return inputs <= 1;
}

static bool check_counts(const settings *s) {
    size_t styles = s->each_style_count ? 1 : s->style_count;
    if (s->blend_weights && s->blend_count != styles)
        complain("--style-blend-weights has %zu numbers for %zu styles; give one for each", s->blend_count, styles);
    else if (!s->content_mask != !s->style_masks)
        complain("%s; a region is a color that is in both",
                 s->content_mask ? "--content-mask needs --style-masks" : "--style-masks needs --content-mask");
    else if (s->style_masks && s->mask_count != s->style_count)
        complain("--style-masks has %zu masks for %zu styles; give one for each", s->mask_count, s->style_count);
    else
        return true;
    return false;
}

static void settle_start(settings *s) {
    if (s->start == START_INIT_IMAGE) {
        s->start_file = s->init_image;
        s->start = s->init_image ? START_FILE : START_CONTENT;
    }
    s->transfer.start = s->start == START_FILE      ? PST_START_IMAGE
                        : s->start == START_CONTENT ? PST_START_CONTENT
                                                    : PST_START_RANDOM;
}

/* Smoothness goes with the styles: beside weaker ones it blurs, beside stronger ones it leaves their ripple. */
static double strengthened(const settings *s, double weight) {
    return weight * pow(10, STRENGTH_DECADES * (s->strength - STRENGTH_USUAL));
}

double style_weight_of(const settings *s) { return strengthened(s, s->transfer.style_weight); }
double tv_weight_of(const settings *s) { return strengthened(s, s->transfer.tv_weight); }

/* The library would name a number that nobody gave. */
static bool check_strengthened(const settings *s, const char *name, double weight) {
    double least, most, product = strengthened(s, weight);
    option_range(option_find(name, NULL), &least, &most);
    if (product > most)
        complain("--%s %.10g times %.4g, the factor of --strength %.10g, is %.4g; it must be from %.10g to %.10g", name,
                 weight, strengthened(s, 1), s->strength, product, least, most);
    return product <= most;
}

bool images_take(settings *s) {
    if (!names_expand(s))
        return false;
    bool good = s->batch                                           ? take_batch(s)
                : s->command == &command_table[COMMAND_STYLE_MAKE] ? take_style(s)
                                                                   : take_run(s);
    if (!good || !expand_styles(s) || !check_counts(s) ||
        !check_strengthened(s, "style-weight", s->transfer.style_weight) ||
        !check_strengthened(s, "tv-weight", s->transfer.tv_weight))
        return false;
    s->transfer.blend_weights = s->blend_weights;
    s->web = s->web || s->web_wait || s->web_address || s->web_port >= 0; /* each of these wants the page too */
    settle_start(s);
    return check_streams(s);
}
