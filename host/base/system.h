/* The few calls that differ between POSIX and Windows, in POSIX's manner: -1 or false on failure, with errno set. For
 * this room alone. */
#ifndef PST_BASE_SYSTEM_H
#define PST_BASE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "package/links.h"

typedef enum pst_system_kind { PST_SYSTEM_FILE, PST_SYSTEM_FOLDER, PST_SYSTEM_OTHER } pst_system_kind;

typedef struct pst_system_facts {
    pst_system_kind kind;
    uint64_t bytes;
    unsigned mode;
    bool mine;    /* it belongs to this user ... */
    bool own;     /* ... and nobody else may write to it */
    int64_t used; /* when it was last written or touched, in nanoseconds */
} pst_system_facts;

/* A descriptor. To read; to write into what is there; to make a file that must not be there, which is locked until it
 * is closed, and which only this user may open, or whom the umask allows. */
int pst_system_open_read(const char *path);
int pst_system_open_write(const char *path);
int pst_system_open_new(const char *path, bool own);
void pst_system_close_read(int descriptor);

/* A descriptor to read and to write, of a file that is made if it is not there and that nobody else, of this process or
 * another, may have by this call as long as this one is open: errno is EBUSY then. POSIX: a link is not followed,
 * ELOOP. */
int pst_system_open_alone(const char *path);

/* Gives a file a length, and lets the next write begin there. */
bool pst_system_set_length(int descriptor, uint64_t bytes);

bool pst_system_facts_of(int descriptor, pst_system_facts *facts);
bool pst_system_facts_at(const char *path, pst_system_facts *facts);

/* How many bytes were read or written; may be fewer than asked for. */
int64_t pst_system_read(int descriptor, void *data, size_t bytes, uint64_t offset);
int64_t pst_system_write(int descriptor, const void *data, size_t bytes);
bool pst_system_sync(int descriptor);

/* Gives a new file the permissions of the one that it will replace, as far as that is possible. */
void pst_system_set_mode(int descriptor, unsigned mode);

/* Atomic; to may exist. The folder of both is made durable too, where the system can do that. *descriptor is that of
 * `from`, which is open; it is closed, and -1, where the system renames no open files. */
bool pst_system_rename(int *descriptor, const char *from, const char *to, const char *folder);
void pst_system_remove(const char *path);

/* Removes a file of pst_system_open_new whose maker has ended without doing so; one that is locked stays. */
void pst_system_remove_dead(const char *path);

/* Calls `each` with every name in a folder; with none where it cannot be read. */
void pst_system_list(const char *folder, void (*each)(void *user, const char *name), void *user);
bool pst_system_may_write(const char *path);
bool pst_system_make_folder(const char *path, bool own);

/* Lets `used` be now, as far as that is possible. */
void pst_system_touch(const char *path);

/* The path without any links, to be freed with free(); NULL too where the system has no way to tell. In
 * system_links.c. */
char *pst_system_real(const char *path);

/* Where a user's files belong: `below` in the folder that the environment's variable names. Ends with a NULL variable,
 * whose `advice` says what to set. */
typedef enum pst_system_use { PST_SYSTEM_CACHE, PST_SYSTEM_DATA } pst_system_use;
typedef struct pst_system_place {
    const char *variable, *below;
    bool absolute; /* the XDG rules: a relative one is to be ignored */
    const char *advice;
} pst_system_place;
const pst_system_place *pst_system_places(pst_system_use use);

/* Splits the process in two with a pipe from the new one to this. In the new one *process is 0 and *descriptor is to be
 * written to: it may take memory_bytes more and so many seconds of the processor; what it says is unheard. False where
 * that cannot be done. */
bool pst_system_split(unsigned seconds, uint64_t memory_bytes, int *process, int *descriptor);
void pst_system_end_split(bool success);                              /* the new process, without a word */
void pst_system_reap(int process);                                    /* in the old one, once the pipe has ended */
int64_t pst_system_receive(int descriptor, void *data, size_t bytes); /* from a pipe */

bool pst_system_is_separator(char c);
int pst_system_process(void);
void pst_system_describe(int code, char *text, size_t bytes);

#endif
