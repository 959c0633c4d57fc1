/* Files: bounded reads, atomic writes and paths. The one room with POSIX or Windows calls; they are in
 * system*.c. Paths are UTF-8. A file that grows over several runs is partial.h's. */
#ifndef PST_BASE_FILE_H
#define PST_BASE_FILE_H

#include "base/status.h"
#include "package/embedded.h"

typedef struct pst_file pst_file;

/* Paths that begin so name files inside the library: "built-in:catalogue.json". They are read like any other. */
#define PST_BUILT_IN "built-in:"
extern const embedded_file pst_built_in_files[]; /* the catalogue of known networks, the networks that ship with it */

/* Opens a regular file for reading; *bytes (may be NULL) is its size. */
pst_status pst_file_open(pst_error *error, const char *path, pst_file **file, uint64_t *bytes);

/* Reads exactly `bytes` bytes from `offset`; a file that ends before that is PST_ERROR_FORMAT ("is cut short"). */
pst_status pst_file_read(pst_error *error, pst_file *file, uint64_t offset, void *data, size_t bytes);
void pst_file_close(pst_file *file);

/* Reads a whole file of at most max_bytes into new memory with a zero byte behind it; free with pst_free. bytes may
 * be NULL. */
pst_status pst_file_load(pst_error *error, const char *path, size_t max_bytes, uint8_t **data, size_t *bytes);

/* The SHA-256 of a file, which may be of any size. */
pst_status pst_file_digest(pst_error *error, const char *path, char hex[65]);

/* Writes a whole file atomically and durably: temporary file in the same folder, fsync, rename, fsync of the folder.
 * On failure the old file is untouched and the temporary one is gone. A symbolic link stays one: what it leads to is
 * written, be it there yet or not. writer.h does it in pieces. */
pst_status pst_file_save(pst_error *error, const char *path, const void *data, size_t bytes);

/* PST_ERROR_FILE, "path: what (reason)", with the reason from errno and plainer words where there are some. */
pst_status pst_file_fail(pst_error *error, const char *path, const char *what);

/* PST_OK if pst_file_save would be allowed to make or replace this file. Leaves no trace. */
pst_status pst_file_save_check(pst_error *error, const char *path);

/* Makes a folder and its parents; one that is there already is fine. */
pst_status pst_folder_create(pst_error *error, const char *path);

/* Likewise, for one that belongs to this user and that nobody else may write to; one that is made nobody else may
 * enter. */
pst_status pst_folder_create_own(pst_error *error, const char *path);

/* The same for the folder of a file. */
pst_status pst_folder_create_for(pst_error *error, const char *file);

/* A file that several processes change, each by reading it and writing it anew: whoever does so holds its folder. Waits
 * for others at most two seconds, and where there are no such locks not at all, for the file is whole in any case. */
int pst_folder_hold_for(const char *file);
void pst_folder_release(int held);

/* How many names in a folder have this ending; 0 where it cannot be read. */
size_t pst_folder_count(const char *path, const char *ending);

/* The user's cache folder for the program ($XDG_CACHE_HOME/pastiche, ~/.cache/pastiche, %LOCALAPPDATA%\pastiche), not
 * created here; free with pst_free. PST_ERROR_FILE where there is none. */
pst_status pst_folder_cache(pst_error *error, char **path);

/* The user's data folder for the program ($PASTICHE_DATA as it is; else $XDG_DATA_HOME/pastiche,
 * ~/.local/share/pastiche,
 * ~/Library/Application Support/pastiche, %LOCALAPPDATA%\pastiche), likewise. */
pst_status pst_folder_data(pst_error *error, char **path);

typedef enum pst_path_kind { PST_PATH_NONE, PST_PATH_FILE, PST_PATH_FOLDER, PST_PATH_OTHER } pst_path_kind;

/* What there is, through links; *bytes (may be NULL) is the size of a file. */
pst_path_kind pst_path_examine(const char *path, uint64_t *bytes);
void pst_path_remove(const char *path);

/* "folder/name"; free with pst_free. */
pst_status pst_path_join(pst_error *error, const char *folder, const char *name, char **path);

/* "folder/name" with the folder of the file `path`; free with pst_free. */
pst_status pst_path_beside(pst_error *error, const char *path, const char *name, char **beside);

/* Whether a file of pst_path_beside is no link, or one that leads to the folder where `path` really lies. */
bool pst_path_is_beside(const char *beside, const char *path);

/* What stands behind the last separator. */
const char *pst_path_name(const char *path);

#endif
