/* The images of a batch: every content in every style, and what their files are called. */
#ifndef PST_CLI_BATCH_LIST_H
#define PST_CLI_BATCH_LIST_H

#include "cli/batch_names.h"

/* Finds the images and gives them names; checks that the inputs are there and that no two results have one name.
 * Gives an exit code; what is wrong was told then. Always end it with batch_list_free. */
int batch_list_make(batch_list *list, const settings *s);

/* The settings of one image's run; they point into the list and s. */
settings batch_item_settings(const batch_list *list, const settings *s, const batch_item *item);

/* "photo.jpg in the style of painting.jpg", into text; returns it. */
char *batch_item_title(const batch_list *list, const batch_item *item, char *text, size_t size);

size_t batch_count(const batch_list *list, batch_state state);
void batch_list_free(batch_list *list);

#endif
