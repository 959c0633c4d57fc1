/* From the arguments that are not options to contents and styles, and what several options say together. */
#ifndef PST_CLI_OPTIONS_IMAGE_WORDS_H
#define PST_CLI_OPTIONS_IMAGE_WORDS_H

#include "cli/options/settings.h"

/* Gives the arguments of a run, a batch or a style their meaning, and checks what the options say together. False
 * after complaining. */
bool images_take(settings *s);

/* Replaces ~ in all names of files by the home folder, and "none" for choices by the library's "". False after
 * complaining. */
bool names_expand(settings *s);

/* The weights of the styles and of smoothness, which --strength moves against that of the content. */
double style_weight_of(const settings *s);
double tv_weight_of(const settings *s);

#endif
