/* What an image's record says, which anybody may have written. */
#ifndef PST_CLI_STUDIO_RECORD_SUMMARY_H
#define PST_CLI_STUDIO_RECORD_SUMMARY_H

#include <jansson.h>

/* The record; NULL: the image has none, or it is damaged. */
json_t *record_read(const char *path);

/* {"content", "styles", "iterations", "stopped"} for people; null where there is no record. */
json_t *record_summary(const char *path);

#endif
