#include <stdio.h>
#include <string.h>

#include "cli/options/option_table.h"

enum { HELP_COLUMN = 30 }; /* leaves 50 of 80 columns for a line of help */

/* What most people want to know about. */
static const char *const usual[] = {
    "output",         "image-size",   "original-colors", "match-colors", "content-mask", "style-masks", "start",
    "content-weight", "style-weight", "tv-weight",       "preset",       "iterations",   "model",       "device",
    "plan",           "checkpoint",   "resume",          "web",          "sheet",        "quiet",       "help",
    "help-all",       "version",
};

static bool is_usual(const option *o) {
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(usual[i], o->names[0]) == 0)
            return true;
    return false;
}

void options_help(bool all) {
    puts("Usage: pastiche CONTENT STYLE... -o OUT [option...]\n"
         "       pastiche batch CONTENT... --styles STYLE... -o FOLDER [option...]\n"
         "       pastiche style make IMAGE... -o OUT.style [option...]\n"
         "       pastiche style info FILE\n"
         "       pastiche demo\n"
         "       pastiche info IMAGE\n"
         "       pastiche again IMAGE [-o NEW]\n"
         "       pastiche devices [--device DEVICE]\n"
         "       pastiche tune [--image-size N] [--model FILE] [--device DEVICE]\n"
         "       pastiche bench [--sizes LIST] [--json FILE] [--device DEVICE]\n"
         "       pastiche model info FILE\n"
         "       pastiche model convert FILE OUT.safetensors [--f16]\n"
         "       pastiche model list\n"
         "       pastiche model fetch NAME|URL [-o FILE]\n"
         "\n"
         "Paints the photograph CONTENT in the manner of the paintings STYLE.");
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        if (o->kind == IS_HEADING && (all || o == option_table))
            printf("\n%s:\n", all ? o->names[0] : "Options");
        if (o->kind == IS_HEADING || !o->help || !(all || is_usual(o)))
            continue;
        int width = printf("  ");
        for (size_t i = OPTION_NAMES; i-- > 0;)
            if (o->names[i] && !o->names[i][1])
                width += printf("-%s, ", o->names[i]);
        width += printf("--%s%s%s", o->names[0], o->value ? " " : "", o->value ? o->value : "");
        printf("%*s%s\n", HELP_COLUMN - width, "", o->help);
    }
    puts(all ? "" : "\nThe manual and --help-all know more: colors, losses, optimizers, batches ...");
    puts("The options of neural-style work as they are, with one dash and underscores.\n"
         "PASTICHE_DEVICE, PASTICHE_MODEL and PASTICHE_CHOICES stand for --device,\n"
         "--model and --choices.");
}
