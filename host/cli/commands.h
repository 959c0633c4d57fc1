/* What the program can do, one file each; every function gives the exit code. */
#ifndef PASTICHE_COMMANDS_H
#define PASTICHE_COMMANDS_H

#include "options.h"
#include "progress.h"

/* pastiche devices [--device DEVICE] */
int devices_command(int count, char **arguments);

/* pastiche tune [--image-size N] [--model FILE] [--device DEVICE] [--choices FILE] */
int tune_command(int count, char **arguments);

/* Measures before the first run on a device, or on demand, with a bar. What goes wrong is told and does not matter. */
pst_status tune_run(pst_context *context, pst_network *network, const pst_tune_options *options, progress *report);

/* pastiche bench [--sizes LIST] [--seconds X] [--model FILE] [--device DEVICE] [--choices FILE] [--json FILE], and
 * pastiche bench --compare A.json B.json */
int bench_command(int count, char **arguments);

/* pastiche demo [option...] */
int demo_command(int count, char **arguments);

/* pastiche info PICTURE, and pastiche again PICTURE [-o NEW] [--model FILE] [--device DEVICE] [--anyway] [--quiet] */
int info_command(int count, char **arguments);
int again_command(int count, char **arguments);

/* pastiche model info FILE, pastiche model fetch NAME|URL and others: model.c has the table. Each gives the exit code.
 */
int model_command(int count, char **arguments);
int model_info_command(int count, char **arguments);
int model_convert_command(int count, char **arguments);
int model_list_command(int count, char **arguments);
int model_fetch_command(int count, char **arguments);

/* pastiche style make PICTURE... -o OUT.style [option...], and pastiche style info FILE */
int style_command(int count, char **arguments);

/* pastiche CONTENT STYLE..., --plan and --sheet too. */
int transfer_command(const settings *s);
int sheet_command(const settings *s);

/* pastiche batch CONTENT... --styles STYLE... -o FOLDER [option...] */
int batch_command(int count, char **arguments);

/* Prints the memory plan; not EXIT_OK when it does not fit. */
int plan_print(const pst_plan *plan, double seconds, const char *device);

/* "1.5 GiB", for people. Returns text. */
char *bytes_text(uint64_t bytes, char text[32]);

#endif
