/* What the program can do, one file each; every function gives the exit code. */
#ifndef PASTICHE_COMMANDS_H
#define PASTICHE_COMMANDS_H

#include "options.h"

/* pastiche devices [--device DEVICE] */
int devices_command(int count, char **arguments);

/* pastiche CONTENT STYLE..., --plan too. */
int transfer_command(const settings *s);

/* Prints the memory plan; not EXIT_OK when it does not fit. */
int plan_print(const pst_plan *plan, const char *device);

/* "1.5 GiB", for people. Returns text. */
char *bytes_text(uint64_t bytes, char text[32]);

#endif
