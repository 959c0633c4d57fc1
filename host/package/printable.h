/* Text from files, drivers and the network is made printable before people see it: a terminal obeys control characters.
 * This is the one place that decides what is printable; the library and the program both use it. */
#ifndef PST_PACKAGE_PRINTABLE_H
#define PST_PACKAGE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Puts "?" in the place of each control character (C0, DEL, C1), each line separator and format character of Unicode
 * (its category Cf: marks of text direction, joiners, spaces without width, tags), most of which nobody sees, and each
 * byte that is not UTF-8. capacity: of the buffer; where the text fills it, it may have been cut, and an incomplete
 * character at its end is removed. */
void pst_make_printable(char *text, size_t capacity);

/* The number of bytes of the UTF-8 character at text, and its code; 0: there is none. */
size_t pst_character(const char *text, uint32_t *code);
bool pst_character_printable(uint32_t code);

/* Whether names of files may have it: what is printable, and the two joiners, without which some scripts cannot be
 * written, nor some emoji. */
bool pst_character_for_names(uint32_t code);

#endif
