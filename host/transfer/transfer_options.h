/* What holds for every member of pst_transfer_options: one table of rows (pst_transfer_option_table) serves the
 * defaults, the checks and the text by which a checkpoint recognizes its options. */
#ifndef PST_TRANSFER_TRANSFER_OPTIONS_H
#define PST_TRANSFER_TRANSFER_OPTIONS_H

#include "base/status.h"

#define PST_STYLE_SCALE_MAX 100

/* Copies a caller's options, whose struct may be shorter or longer; the members it has not get their defaults. */
void pst_options_take(pst_transfer_options *options, const pst_transfer_options *given);

/* PST_ERROR_ARGUMENT for the first member that is out of its range; the message names it. What several members must
 * have in common is not checked here. */
pst_status pst_options_check(pst_error *error, const pst_transfer_options *options);

/* The same for a number that is not in the struct yet, or is an element of the array that the member points to; offset
 * is the member's. */
pst_status pst_options_check_value(pst_error *error, size_t offset, double value);

/* *text: a line "name=value" for each member that changes the result and is not a pointer. End it with pst_free. */
pst_status pst_options_text(pst_error *error, const pst_transfer_options *options, char **text);

/* Such a text of an older version lacks members that came later, which had their defaults then: they are added. *text
 * may become another one. */
pst_status pst_options_complete(pst_error *error, char **text);

/* Finds the first line in which two such texts differ, and its length in each, cut to what fits into a message. */
bool pst_options_differ(const char **a, int *a_length, const char **b, int *b_length);

/* The tile that such a text names, also one with a single number, "tile=64", from before tiles had two sides: 0 for
 * none. And the same text with another one; the other members that options have texts of may be gone. */
void pst_options_tile(const char *text, int *width, int *height);
pst_status pst_options_set_tile(pst_error *error, char **text, int width, int height);

#endif
