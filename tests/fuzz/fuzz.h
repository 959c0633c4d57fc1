/* What the fuzz targets share. Each fuzz_NAME.c gives a reader any bytes; what happens must be success, or one
 * printable line. It is linked twice: with libFuzzer (`sh tests/run fuzz SECONDS`), and with replay.c, as a test. */
#ifndef PST_TESTS_FUZZ_H
#define PST_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* libFuzzer's or replay.c's; a target may have a mutator of its own around it. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed);

/* Goes to a new folder, which is removed at the end. Calls after the first do nothing. */
void fuzz_folder(void);

/* Writes a file there; returns its name. */
const char *fuzz_file(const char *name, const void *data, size_t bytes);

/* Aborts unless success gave an object, and failure none but a printable line that begins with name (NULL: with
 * anything). */
void fuzz_check(pst_status status, const pst_error *error, const void *made, const char *name);

/* Aborts unless it is printable and of one line. */
void fuzz_check_text(const char *text);

/* Aborts with a line where a promise is broken. */
#define FUZZ_PROMISE(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
void fuzz_broken(const char *promise, const char *file, int line);

#endif
