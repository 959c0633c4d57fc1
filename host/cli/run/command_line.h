/* A command line that the program makes for itself. */
#ifndef PST_CLI_RUN_COMMAND_LINE_H
#define PST_CLI_RUN_COMMAND_LINE_H

#include <stdbool.h>

typedef struct command_line {
    char **words; /* owned; NULL behind the last */
    int count;
    bool short_of_memory; /* then words are missing */
} command_line;

/* "--name=value" or, where one of them is NULL, the other. */
void line_add(command_line *line, const char *name, const char *value);
void line_free(command_line *line);

/* What a person can give to a shell, "pastiche --image-size=512 ...", with what it needs quoted. By malloc; NULL: no
 * memory. */
char *line_text(const command_line *line);

#endif
