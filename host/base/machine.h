/* What the machine has. */
#ifndef PST_BASE_MACHINE_H
#define PST_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of memory; 0: unknown. Tests pretend another number; 0 ends that. */
uint64_t pst_machine_memory(void);
void pst_machine_pretend_memory(uint64_t bytes);

/* Processors that this process may use, at least 1. */
int pst_machine_threads(void);

/* Does the processor have matrix units for bfloat16 (AMX), and lets the system this process use them from now on? */
bool pst_machine_matrix_units(void);

/* Names in UTF-8 or what the system calls so; "" where it does not tell. */
void pst_machine_processor(char *name, size_t bytes);
void pst_machine_architecture(char *name, size_t bytes);
void pst_machine_system(char *name, size_t bytes);

#endif
