/* What the files of a batch are called. */
#ifndef PST_CLI_BATCH_NAMES_H
#define PST_CLI_BATCH_NAMES_H

#include "cli/batch_list.h"

/* "a+b" for a blend of folder/a.jpg and b.png, as --style-image names them. The caller frees it. */
char *batch_blend_name(const settings *s);

/* Makes an item of every content in every style, named by the template of --name, and checks that no two have one
 * name. Gives an exit code; what is wrong was told then, with a template that gives other names where there is one. */
int batch_name_items(batch_list *list, const settings *s);

#endif
