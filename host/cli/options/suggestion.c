#include "cli/options/suggestion.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/option_table.h"

enum { NAME_MOST = OPTION_NAME_MOST, OFFERED_MOST = 3 };

/* ---- words of other programs ---- */

/* What they are here. Of several answers to a word the first counts that is an option of the command. */
static const char *const elsewhere[][2] = {
    {"iter", "iterations"},
    {"epoch", "iterations"},
    {"step", "iterations"},
    {"num-step", "iterations"},
    {"max-iter", "iterations"},
    {"width", "image-size"},
    {"height", "image-size"},
    {"resolution", "image-size"},
    {"max-size", "image-size"},
    {"lr", "learning-rate"},
    {"step-size", "learning-rate"},
    {"content", "contents"},
    {"content", "content-image"},
    {"image", "content-image"},
    {"input", "content-image"},
    {"style", "styles"},
    {"style", "style-image"},
    {"preserve-color", "original-colors"},
    {"keep-color", "original-colors"},
    {"noise", "start noise"},
    {"cpu", "device cpu"},
    {"cuda", "device gpu"},
    {"network", "model"},
    {"net", "model"},
    {"silent", "quiet"},
    {"force", "overwrite"},
    {"dry-run", "plan"},
    {"smooth", "tv-weight"},
    {"smoothness", "tv-weight"},
    {"total-variation", "tv-weight"},
    {"tv-loss", "tv-weight"},
    {"content-strength", "content-weight"},
    {"style-strength", "style-weight"},
    {"style-size", "style-scale"},
    {"min-scale", "min-size"},
    {"end-scale", "image-size"},
    {"adam", "optimizer adam"},
    {"lbfgs", "optimizer lbfgs"},
    {"save-every", "save-iter"},
    {"print-every", "print-iter"},
    {"vram", "memory"},
    {"ram", "memory"},
    {"no-tensor-core", "no-matrix-units"},
    {"gui", "web"},
};

/* Whether two words are the same but for an 's' at the end. */
static bool same_word(const char *a, size_t a_length, const char *b, size_t b_length) {
    a_length -= a_length > 1 && a[a_length - 1] == 's';
    b_length -= b_length > 1 && b[b_length - 1] == 's';
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

static const char *find_elsewhere(const command *c, const char *name) {
    char first[NAME_MOST];
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        const char *word = elsewhere[i][0], *answer = elsewhere[i][1];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(answer, " "), answer);
        if (same_word(name, strlen(name), word, strlen(word)) && option_find(first, c))
            return answer;
    }
    return NULL;
}

/* ---- likeness ---- */

/* Whether each part of a name, between '-', is a part of the other. */
static bool parts_are_in(const char *parts, const char *of) {
    for (const char *part = parts;; part++) {
        size_t length = strcspn(part, "-"), other_length;
        bool found = false;
        for (const char *other = of; !found; other += other_length + 1) {
            other_length = strcspn(other, "-");
            found = same_word(part, length, other, other_length);
            if (!other[other_length])
                break;
        }
        if (!found)
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

/* "size" of "image-size". */
static bool is_part_of(const char *name, const char *known) { return parts_are_in(name, known); }

/* "device-id" has "device" in it. */
static bool has_in_it(const char *name, const char *known) { return parts_are_in(known, name); }

/* Levenshtein's distance in which swapping neighbors is one step. */
static size_t distance(const char *a, const char *b) {
    size_t rows[3][NAME_MOST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    size_t width = strlen(b);
    for (size_t j = 0; j <= width; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *oldest = before;
        before = above, above = row, row = oldest;
    }
    return above[width];
}

/* ---- suggestions ---- */

/* A name of the option that is like the given one, of more than a letter. */
static bool is_like(const option *o, const char *name, bool (*like)(const char *, const char *),
                    char known[NAME_MOST]) {
    for (size_t i = 0; option_name(o, i, known); i++)
        if (known[1] && like(name, known))
            return true;
    return false;
}

/* The options that are like the name; only the usual ones if any of these are. */
static bool find_like(const command *c, const char *name, bool (*like)(const char *, const char *),
                      char text[SUGGESTION_MOST]) {
    char known[OFFERED_MOST][NAME_MOST];
    size_t count = 0, used = 0;
    for (unsigned usual = USUAL; count == 0; usual = 0) {
        for (const option *o = option_table; o < option_table + option_table_size && count < OFFERED_MOST; o++)
            if (option_is_of(o, c) && (o->flags & USUAL) == usual && is_like(o, name, like, known[count]))
                count++;
        if (!usual)
            break;
    }
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, SUGGESTION_MOST - used, "%s--%s",
                                 i == 0          ? ""
                                 : i + 1 < count ? ", "
                                                 : " or ",
                                 known[i]);
    return count > 0;
}

/* The option that is spelled most like the name. */
static bool find_nearest(const command *c, const char *name, char text[SUGGESTION_MOST]) {
    size_t length = strlen(name), least = 2 + length / 6;
    char known[NAME_MOST];
    bool found = false;
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        for (size_t i = 0; length > 1 && option_is_of(o, c) && option_name(o, i, known); i++) {
            size_t steps = distance(name, known);
            /* "optim" is far from "optimizer" in steps, but is how it begins */
            if (steps > 1 && length >= 3 && strncmp(known, name, length) == 0)
                steps = 1;
            if (steps < least && known[1]) {
                least = steps;
                found = true;
                snprintf(text, SUGGESTION_MOST, "--%s", known);
            }
        }
    }
    return found;
}

bool suggestion_find(const command *c, const char *name, char text[SUGGESTION_MOST]) {
    const char *answer = find_elsewhere(c, name);
    if (answer)
        snprintf(text, SUGGESTION_MOST, "--%s", answer);
    return answer || find_like(c, name, is_part_of, text) || find_nearest(c, name, text) ||
           find_like(c, name, has_in_it, text);
}
