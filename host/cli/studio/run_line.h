/* From a RUN, as pages and programs have it, to the command line that paints it. The line is all that the studio runs:
 * what it says is what a person can repeat. */
#ifndef PST_CLI_STUDIO_RUN_LINE_H
#define PST_CLI_STUDIO_RUN_LINE_H

#include "cli/run/command_line.h"
#include "cli/studio/places.h"
#include "cli/studio/studio.h"

typedef struct run_problem {
    int code;           /* HTTP's */
    char text[512];     /* one line */
    const char *option; /* the name of the option that is wrong; NULL: none in particular */
} run_problem;

/* The words behind "pastiche": the invocation's options, those of the run, the output and the images. False: the RUN
 * is not right. Always end it with line_free. */
bool run_line_make(studio *s, const json_t *run, const char *output, command_line *line, run_problem *problem);

/* Reads the line as the program does; false: it is not right. Always end the settings with options_free. */
bool run_line_read(const command_line *line, settings *read, run_problem *problem);

/* The images and style files of the RUN that are on the shelf: {"<ID>": "sources/photo.jpg", ...}. */
json_t *run_line_images(studio *s, const json_t *run);

/* A copy of the RUN that stays what it is: it names its network. NULL: no memory. */
json_t *run_line_settle(studio *s, const json_t *run);

/* The catalogue's name of the network that a run takes which names none; false: it has none, or is not there. */
bool run_line_network(char name[64]);

/* A file's name for the result, "CONTENT in STYLE.png"; the RUN is right. Returns name. */
char *run_line_name(studio *s, const json_t *run, char name[FOLDER_NAME_MOST]);

/* Refuses the call with what is wrong with its RUN. */
void run_line_refuse(web_reply *reply, const run_problem *problem);

/* Whether a RUN may have the option. */
struct option;
bool run_line_takes(const struct option *o);

#endif
