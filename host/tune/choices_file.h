/* Choices kept in a JSON file, one for each device: what they were measured with (device, platform, driver, kernels),
 * for each product its algorithm, and what takes the compiler too long (op/refused.h). The same choices are the same
 * bytes. */
#ifndef PST_TUNE_CHOICES_FILE_H
#define PST_TUNE_CHOICES_FILE_H

#include "op/choices.h"

/* The device's own file in the user's cache folder; free with pst_free. PST_ERROR_FILE where there is no such folder.
 */
pst_status pst_choices_path(pst_session *session, char **path);

/* Adds what a file holds to `choices`. PST_ERROR_FILE if it cannot be read, PST_ERROR_FORMAT if it is no such file or
 * damaged; nothing is added then. `foreign` (at least 256 bytes) says what it was made for, if that is not this device,
 * driver and version of the kernels, or is empty; what it holds is added all the same. */
pst_status pst_choices_read(pst_session *session, const char *path, pst_conv_choices *choices, char *foreign);

/* The same from the text of such a file; `name` is for messages. And the text, on one line; free with pst_free. */
pst_status pst_choices_parse(pst_session *session, const char *name, const char *text, size_t bytes,
                             pst_conv_choices *choices, char *foreign);
pst_status pst_choices_print(pst_session *session, const pst_conv_choices *choices, char **text);

/* Writes a file, and its folder, atomically. */
pst_status pst_choices_write(pst_session *session, const char *path, const pst_conv_choices *choices);

/* The version of the kernels and of what runs them: a hash over all of it. */
uint64_t pst_choices_kernels(void);

#endif
