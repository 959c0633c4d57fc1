/* Folders for programs that a driver compiles: whether one is of use, and one that goes with this process. */
#ifndef PST_BASE_PRIVATE_FOLDER_H
#define PST_BASE_PRIVATE_FOLDER_H

#include "base/status.h"

/* PST_OK if the folder is there or can be made, can be written to, has room for so many bytes, and may hold programs.
 * Leaves nothing but the folder. Where the system is not POSIX's it is PST_OK. */
pst_status pst_folder_check(pst_error *error, const char *path, uint64_t bytes);

/* Makes such a folder among the temporary files; it is removed when the process exits, and what killed processes left
 * of theirs is removed now. One for each process: *path stays valid. */
pst_status pst_private_folder(pst_error *error, uint64_t bytes, const char **path);

/* Sets a variable of the environment, for a driver to read. Other threads must not read the environment meanwhile. */
void pst_environment_set(const char *name, const char *value);

#endif
