/* What the program can do, one file each; every function gives the exit code. */
#ifndef PST_CLI_COMMANDS_H
#define PST_CLI_COMMANDS_H

#include "cli/options/options.h"

/* pastiche devices [--device DEVICE] */
int devices_command(int count, char **arguments);

/* pastiche tune [--image-size N] [--model FILE] [--device DEVICE] [--choices FILE] */
int tune_command(int count, char **arguments);

/* pastiche bench [--sizes LIST] [--seconds X] [--model FILE] [--device DEVICE] [--choices FILE] [--json FILE], and
 * pastiche bench --compare A.json B.json */
int bench_command(int count, char **arguments);

/* pastiche demo [option...] */
int demo_command(int count, char **arguments);

/* pastiche info IMAGE, and pastiche again IMAGE [-o NEW] [--model FILE] [--device DEVICE] [--anyway] [--quiet] */
int info_command(int count, char **arguments);
int again_command(int count, char **arguments);

/* pastiche model info FILE, pastiche model fetch NAME|URL and others: model.c has the table. Each gives the exit code.
 */
int model_command(int count, char **arguments);
int model_info_command(int count, char **arguments);
int model_convert_command(int count, char **arguments);
int model_list_command(int count, char **arguments);
int model_fetch_command(int count, char **arguments);

/* pastiche style make IMAGE... -o OUT.style [option...], and pastiche style info FILE */
int style_command(int count, char **arguments);

/* pastiche CONTENT STYLE..., --plan and --sheet too. */
int transfer_command(const settings *s);

/* pastiche batch CONTENT... --styles STYLE... -o FOLDER [option...] */
int batch_command(int count, char **arguments);

#endif
