#include <stdio.h>
#include <string.h>

#include "option_table.h"

enum { HELP_COLUMN = 30 }; /* leaves 50 of 80 columns for a line of help */

void options_help(void)
{
    puts("Usage: pastiche CONTENT STYLE... -o OUT [option...]\n"
         "       pastiche batch CONTENT... --styles STYLE... -o FOLDER [option...]\n"
         "       pastiche style make PICTURE... -o OUT.style [option...]\n"
         "       pastiche style info FILE\n"
         "       pastiche demo\n"
         "       pastiche info PICTURE\n"
         "       pastiche again PICTURE [-o NEW]\n"
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
        if (o->kind == IS_HEADING)
            printf("\n%s:\n", o->names[0]);
        if (o->kind == IS_HEADING || !o->help)
            continue;
        int width = printf("  ");
        for (size_t i = OPTION_NAMES; i-- > 0;)
            if (o->names[i] && !o->names[i][1])
                width += printf("-%s, ", o->names[i]);
        width += printf("--%s%s%s", o->names[0], o->value ? " " : "", o->value ? o->value : "");
        printf("%*s%s\n", HELP_COLUMN - width, "", o->help);
    }
    puts("\n"
         "The options of neural-style work as they are, with one dash and underscores.\n"
         "PASTICHE_DEVICE, PASTICHE_MODEL and PASTICHE_CHOICES stand for --device,\n"
         "--model and --choices.");
}
