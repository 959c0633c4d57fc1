/* What a batch consists of, and what its files are called. */
#ifndef PST_CLI_BATCH_NAMES_H
#define PST_CLI_BATCH_NAMES_H

#include "cli/options/options.h"

typedef enum batch_state {
    BATCH_TO_DO,
    BATCH_THERE,
    BATCH_DONE,
    BATCH_FAILED,
    BATCH_ELSEWHERE
} batch_state; /* the last: by another rank */

typedef struct batch_item {
    size_t content, style; /* which one of the list */
    char *output;          /* owned */
    batch_state state;
} batch_item;

typedef struct batch_list {
    path_list contents,
        styles;         /* styles: of --styles; one of no name stands for those of --style-image, blended in one */
    path_list inputs;   /* all files that are read */
    path_list results;  /* all that is to be written, but for images on the way */
    path_list left_out; /* what folders and patterns have that is no image */
    char *blend_name;   /* what {style} is for a blend: "a+b"; owned */
    batch_item *items;  /* content by content */
    size_t count;
} batch_list;

/* "a+b" for a blend of folder/a.jpg and b.png, as --style-image names them. The caller frees it. */
char *batch_blend_name(const settings *s);

/* Makes an item of every content in every style, named by the template of --name, and checks that no two have one
 * name, and none that of an image on the way to another. Gives an exit code; what is wrong was told then, with a
 * template that gives other names where there is one. */
int batch_name_items(batch_list *list, const settings *s);

#endif
