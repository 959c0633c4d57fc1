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

/* Writes a file atomically; the folder must be there. PST_ERROR_FILE, too, for what is no regular file. */
pst_status pst_choices_write(pst_session *session, const char *path, const pst_conv_choices *choices);

/* PST_OK if pst_choices_write would be allowed to make this file, or to replace it and it is empty or a file of
 * choices, be it damaged or stale. Leaves no trace. PST_ERROR_FORMAT: it is something else, or of another version's
 * format. */
pst_status pst_choices_write_check(pst_error *error, const char *path);

/* Writes a file with what was found in the place of what it holds for the same products, and the rest as it is; nothing
 * stays of a file that is damaged, for another device, driver or version, or as long as may be. Several processes may
 * do so at once. What is refused is added if nothing was found, else it takes the place of what was: measuring tries it
 * again. */
pst_status pst_choices_merge(pst_session *session, const char *path, const pst_conv_choices *found);

/* The version of the kernels and of what runs them: a hash over all of it. */
uint64_t pst_choices_kernels(void);

#endif
