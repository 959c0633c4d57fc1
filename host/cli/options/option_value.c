#include "cli/options/option_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/values.h"

static void *member(settings *s, const option *o) { return (char *)s + o->offset; }
static const void *member_of(const settings *s, const option *o) { return (const char *)s + o->offset; }

/* ---- what a row and the library say ---- */

const pst_option_info *option_library_row(const option *o) {
    size_t count;
    const pst_option_info *rows = pst_transfer_option_table(&count);
    for (size_t i = 0; o->bytes && i < count; i++)
        if (offsetof(settings, transfer) + rows[i].offset == o->offset)
            return &rows[i];
    return NULL;
}

bool option_changes_result(const option *o) {
    const pst_option_info *row = option_library_row(o);
    return o->flags & CHANGES_RESULT || (row && row->changes_result);
}

void option_range(const option *o, double *least, double *most) {
    const pst_option_info *row = option_library_row(o);
    bool own = o->least != 0 || o->most != 0 || !row;
    double unit = o->kind == OPTION_MEBIBYTE ? 1 << 20 : 1;
    *least = own ? o->least : row->least / unit;
    *most = own ? o->most : row->most / unit;
}

const char *const *option_words(const option *o) {
    static _Thread_local const char *presets[16];
    const pst_option_info *row = option_library_row(o);
    if (o->words || (row && row->words))
        return o->words ? o->words : row->words;
    if (strcmp(o->names, "preset") != 0)
        return NULL;
    for (size_t i = 0; i + 1 < sizeof presets / sizeof *presets && pst_preset_name(i); i++)
        presets[i] = pst_preset_name(i);
    return presets;
}

char *option_words_text(const option *o, char text[VALUE_TEXT_MOST]) {
    const char *const *words = option_words(o);
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; words && words[i] && used < VALUE_TEXT_MOST; i++)
        used += (size_t)snprintf(text + used, VALUE_TEXT_MOST - used, "%s%s",
                                 i == 0         ? ""
                                 : words[i + 1] ? ", "
                                                : " or ",
                                 words[i]);
    return text;
}

char *option_range_text(const option *o, char text[VALUE_TEXT_MOST]) {
    double least, most;
    bool whole = o->kind == OPTION_INTEGER || o->kind == OPTION_MEBIBYTE || o->kind == OPTION_SIZE;
    option_range(o, &least, &most);
    text[0] = '\0';
    if (!option_words(o) &&
        (whole || o->kind == OPTION_NUMBER || o->kind == OPTION_PAIR || (o->kind == OPTION_LIST && most > 0)))
        snprintf(text, VALUE_TEXT_MOST, whole ? "from %.0f to %.0f" : "from %.10g to %.10g", least, most);
    char first[32], last[32];
    if (o->kind == OPTION_BYTES)
        snprintf(text, VALUE_TEXT_MOST, "from %s to %s", value_bytes_text((uint64_t)least, first),
                 value_bytes_text((uint64_t)most, last));
    return text;
}

/* ---- setting ---- */

/* An integer, enum or bool of any size. */
static void store(settings *s, const option *o, int64_t number) {
    const int integer = (int)number;
    const bool flag = number != 0;
    memcpy(member(s, o),
           o->bytes == sizeof(int64_t) ? (const void *)&number
           : o->bytes == sizeof(int)   ? (const void *)&integer
                                       : (const void *)&flag,
           o->bytes);
}

static bool refuse(const option *o, const char *given, const char *value, const char *problem) {
    char text[VALUE_TEXT_MOST];
    option_words_text(o, text);
    complain(*problem ? "%s \"%s\": %smust be %s" : "%s %s: %smust be %s", given, value, problem,
             *text ? text : option_range_text(o, text));
    return false;
}

static bool in_range(const option *o, double number) {
    double least, most;
    option_range(o, &least, &most);
    return number >= least && number <= most;
}

/* The word's place in the list; -1: it is not one of them. '_' counts as '-', and some words have a second spelling. */
static int find_word(const char *const *words, const char *value) {
    static const char *const spellings[][2] = {{"gd", "gradient-descent"}, {"l-bfgs", "lbfgs"}, {"average", "avg"},
                                               {"zero", "zeros"},          {"jpg", "jpeg"},     {"tif", "tiff"}};
    char word[64];
    snprintf(word, sizeof word, "%s", value);
    for (char *c = word; *c; c++)
        *c = *c == '_' ? '-' : *c;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(word, spellings[i][0]) == 0)
            snprintf(word, sizeof word, "%s", spellings[i][1]);
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static bool set_integer(settings *s, const option *o, const char *given, const char *value) {
    const char *const *words = option_words(o);
    int64_t number;
    if (!value_integer(value, &number))
        return refuse(o, given, value, "not a whole number; ");
    if (words ? find_word(words, value) < 0 : !in_range(o, (double)number))
        return refuse(o, given, value, "");
    if (o->kind == OPTION_MEBIBYTE)
        *(size_t *)member(s, o) = (size_t)number << 20;
    else
        store(s, o, number);
    return true;
}

static bool set_bytes(settings *s, const option *o, const char *given, const char *value) {
    double bytes;
    if (!value_bytes(value, &bytes))
        return refuse(o, given, value, "not a size such as 512M or 2G; ");
    if (!in_range(o, bytes))
        return refuse(o, given, value, "");
    *(size_t *)member(s, o) = (size_t)bytes;
    return true;
}

static bool set_number(settings *s, const option *o, const char *given, const char *value) {
    double number;
    if (!value_number(value, &number))
        return refuse(o, given, value, "not a number; ");
    if (!in_range(o, number))
        return refuse(o, given, value, "");
    *(double *)member(s, o) = number;
    return true;
}

static bool set_pair(settings *s, const option *o, const char *given, const char *value) {
    size_t count = 0;
    double numbers[2];
    char range[VALUE_TEXT_MOST], **parts = value_list(value, &count);
    bool good = parts && count == 2;
    for (size_t i = 0; good && i < 2; i++)
        good = value_number(parts[i], &numbers[i]) && in_range(o, numbers[i]);
    free(parts);
    if (good)
        memcpy(member(s, o), numbers, sizeof numbers);
    else
        complain("%s \"%s\": must be two numbers with a comma between, each %s", given, value,
                 option_range_text(o, range));
    return good;
}

static bool set_size(settings *s, const option *o, const char *given, const char *value) {
    char range[VALUE_TEXT_MOST];
    int64_t width, height;
    bool alone = value_integer(value, &width); /* 0x0 is no size, while 0 has a meaning */
    if (!value_size(value, &width, &height) || !in_range(o, (double)width) || !in_range(o, (double)height) ||
        (!alone && (!width || !height))) {
        complain("%s \"%s\": must be a size such as 512 or 1024x512, each side %s, and 0 only alone", given, value,
                 option_range_text(o, range));
        return false;
    }
    const int sides[] = {(int)width, (int)height};
    memcpy(member(s, o), sides, sizeof sides);
    return true;
}

static bool set_text(settings *s, const option *o, const char *given, const char *value) {
    if (!*value && !(o->flags & MAY_BE_EMPTY)) {
        complain("%s needs a value", given);
        return false;
    }
    *(const char **)member(s, o) = *value ? value : NULL;
    return true;
}

static bool set_choice(settings *s, const option *o, const char *given, const char *value) {
    int found = find_word(option_words(o), value);
    if (found < 0)
        return refuse(o, given, value, "not known; ");
    store(s, o, found);
    return true;
}

static void set_nothing(settings *s, const option *o) {
    size_t i = 0;
    while (i < s->ignored_count && s->ignored[i] != o)
        i++;
    if (i == s->ignored_count && i < NOTICES_MOST)
        s->ignored[s->ignored_count++] = o;
}

bool option_set(settings *s, const option *o, const char *given, const char *value) {
    if (o->set)
        return o->set(s, o, given, value);
    switch (o->kind) {
    case OPTION_FLAG:
    case OPTION_SWITCH:
        store(s, o, !value || strcmp(value, "0") != 0);
        return true;
    case OPTION_INTEGER:
    case OPTION_MEBIBYTE:
        return set_integer(s, o, given, value);
    case OPTION_BYTES:
        return set_bytes(s, o, given, value);
    case OPTION_NUMBER:
        return set_number(s, o, given, value);
    case OPTION_PAIR:
        return set_pair(s, o, given, value);
    case OPTION_SIZE:
        return set_size(s, o, given, value);
    case OPTION_TEXT:
    case OPTION_FILE_NAME:
        return set_text(s, o, given, value);
    case OPTION_CHOICE:
        return set_choice(s, o, given, value);
    case OPTION_NO_MEANING:
        set_nothing(s, o);
        return true;
    case OPTION_LIST: /* has a setter */
    case OPTION_HEADING:
        break;
    }
    return false;
}

/* ---- telling ---- */

/* NULL for a value that another option has set. */
static const char *word_of(const option *o, int64_t value) {
    const char *const *word = option_words(o);
    while (*word && value-- > 0)
        word++;
    return *word;
}

bool option_value(const settings *s, const option *o, char *text, size_t size) {
    const void *at = member_of(s, o);
    const double *numbers = at;
    const char *words = NULL;
    char bytes[32];
    int64_t wide = 0;
    int length = -1, integer = 0;
    if (o->set || !o->bytes)
        return false;
    if (o->bytes == sizeof wide && o->kind == OPTION_INTEGER)
        memcpy(&wide, at, sizeof wide);
    else if (o->bytes == sizeof integer)
        memcpy(&integer, at, sizeof integer), wide = integer;
    else if (o->bytes == sizeof(bool))
        wide = *(const bool *)at;
    if (o->kind == OPTION_INTEGER || o->kind == OPTION_FLAG || o->kind == OPTION_SWITCH)
        length = snprintf(text, size, "%lld", (long long)wide);
    else if (o->kind == OPTION_MEBIBYTE && *(const size_t *)at)
        length = snprintf(text, size, "%zu", *(const size_t *)at >> 20);
    else if (o->kind == OPTION_BYTES && *(const size_t *)at)
        length = snprintf(text, size, "%s", value_bytes_text(*(const size_t *)at, bytes));
    else if (o->kind == OPTION_NUMBER)
        length = snprintf(text, size, "%.10g", *numbers);
    else if (o->kind == OPTION_PAIR)
        length = snprintf(text, size, "%.10g,%.10g", numbers[0], numbers[1]);
    else if (o->kind == OPTION_SIZE)
        length = snprintf(text, size, "%s", value_size_text(((const int *)at)[0], ((const int *)at)[1], bytes));
    else if (o->kind == OPTION_CHOICE)
        words = word_of(o, wide);
    else if (o->kind == OPTION_TEXT || o->kind == OPTION_FILE_NAME)
        words = *(const char *const *)at;
    if (words)
        length = snprintf(text, size, "%s", words);
    return length >= 0 && (size_t)length < size;
}
