/* For tests of the program from the outside: every run is a process of its own in the test's folder, with two small
 * images and a small random network there, on whatever device the program takes. */
#ifndef PST_TESTS_CLI_FIXTURE_H
#define PST_TESTS_CLI_FIXTURE_H

#include <sys/types.h>

#include "support.h"

/* Without metadata, so that the same image is the same bytes, however the command was spelled. */
#define IMAGES "content.ppm style.ppm --image-size 64 --no-metadata "
#define TINY IMAGES "--model net.safetensors "

extern char said[65536], printed[65536]; /* by the last run, on stderr and stdout */

/* Fills the folder; for Check's fixtures. */
void prepare(void);

/* Starts the program; the command is cut at its blanks; "\1" is one within a word. wait_for gives the exit code, or
 * minus the signal; run does both. */
pid_t start(const char *command);
int wait_for(pid_t child);
int run(const char *command);

/* The program must succeed; or refuse with this exit code and one line that has both words in it, and leave no file. */
void ck_run(const char *command);
void ck_refused(const char *command, int code, const char *word, const char *other);

void ck_image(const char *name, int width, int height);
void ck_same_bytes(const char *a, const char *b, bool same);

/* Of the names in the folder, but for the streams of the last run: nothing may come or go. */
unsigned files_hash(void);
bool cli_exists(const char *name);
void cli_forget(const char *name);
char *read_whole(const char *path, char *text, size_t size);

/* An image without its last `missing` bytes; the first part of a file as another one. */
void write_ppm(const char *name, int width, int height, size_t missing, uint64_t seed);
void write_cut(const char *name, const char *whole, double part);

#endif
