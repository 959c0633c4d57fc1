/* What the program can do, one file each; every function gives the exit code. */
#ifndef PST_CLI_COMMANDS_H
#define PST_CLI_COMMANDS_H

#include "cli/options/options.h"

/* A run; with --plan and --sheet too. */
int transfer_command(const settings *s);

int batch_command(const settings *s);
int demo_command(const settings *s);
int studio_command(const settings *s);
int style_make_command(const settings *s);
int style_info_command(const settings *s);
int info_command(const settings *s);
int again_command(const settings *s);
int model_list_command(const settings *s);
int model_fetch_command(const settings *s);
int model_info_command(const settings *s);
int model_convert_command(const settings *s);
int devices_command(const settings *s);
int tune_command(const settings *s);
int bench_command(const settings *s);

#endif
