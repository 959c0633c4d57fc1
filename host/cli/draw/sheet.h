/* A sheet of small variants of one run, side by side. */
#ifndef PST_CLI_DRAW_SHEET_H
#define PST_CLI_DRAW_SHEET_H

#include "cli/options/options.h"

/* pastiche CONTENT STYLE... --sheet FILE. Gives the exit code. */
int sheet_command(const settings *s);

#endif
