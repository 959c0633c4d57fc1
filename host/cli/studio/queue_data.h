/* What is in the queue, for its own files; all of it under its lock. */
#ifndef PST_CLI_STUDIO_QUEUE_DATA_H
#define PST_CLI_STUDIO_QUEUE_DATA_H

#include "cli/studio/queue.h"

enum { QUEUE_MOST = 2000 }; /* entries */

typedef enum queue_state {
    QUEUE_WAITING,
    QUEUE_PAINTING,
    QUEUE_PAUSED, /* it has begun */
    QUEUE_DONE,
    QUEUE_STOPPED,
    QUEUE_FAILED,
    QUEUE_STATES
} queue_state;

typedef struct queue_item {
    char id[QUEUE_ID_MOST];
    queue_state state;
    json_t *run;
    json_t *images; /* {"<ID>": "sources/photo.jpg", ...}: what it is made from */
    char *command, *output;
    char *sheet, *error; /* NULL: none */
    long long added;     /* seconds since 1970 */
    double held;         /* it is passed over until then, by web_clock(), and `error` says why; 0: it is not */
    bool begun, cancelled;
    int iteration, iterations;
    double seconds, seconds_left, loss; /* seconds: as in pst_progress; 0: not begun */
} queue_item;

struct queue {
    web_monitor *lock;
    pst_context *files; /* without a device, to write with */
    queue_item **items; /* in order */
    size_t count;
    queue_item *present; /* that is painted; NULL: none */
    bool paused;
    char *problem;          /* why it is; NULL: somebody wanted it */
    char *device;           /* NULL: not open */
    unsigned long long ids; /* that were given */
    double told;            /* when progress was, last */
    json_t *paces;
};

extern const char *const queue_states[QUEUE_STATES];

queue_item *queue_find(const struct queue *q, const char *id);
bool queue_is_finished(const queue_item *item);

/* Writes the file and tells who listens. False: it cannot be written, with the reason in the context. */
bool queue_changed(studio *s);

/* Puts a right RUN at the end, which it takes; as queue_add. iterations: for people. Locks itself. */
json_t *queue_append(studio *s, json_t *run, const char *sheet, const char *output, int iterations, web_reply *reply);

/* Removes the item and its checkpoint. */
void queue_drop(struct queue *q, queue_item *item);

/* Entries as the interface has them. */
json_t *queue_item_json(const queue_item *item, bool whole);
json_t *queue_json(const struct queue *q, bool whole);

char *queue_checkpoint(const char *id, char path[64]);
void queue_set_text(char **text, const char *value); /* a copy; NULL: none */
void queue_set_command(studio *s, queue_item *item); /* from its run and output */

#endif
