/* For targets of the program's own code: what it would print is checked instead, by complain and print_line. */
#ifndef PST_TESTS_FUZZ_PROGRAM_H
#define PST_TESTS_FUZZ_PROGRAM_H

/* How often the program has complained so far. */
extern unsigned fuzz_complaints;

/* Goes to the folder with a few files in it, and lets nothing of the user's be found. */
void fuzz_program_begin(void);

#endif
