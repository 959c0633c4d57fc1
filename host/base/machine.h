/* What the machine has. */
#ifndef PST_BASE_MACHINE_H
#define PST_BASE_MACHINE_H

#include <stdint.h>

/* Bytes of memory; 0: unknown. Tests pretend another number; 0 ends that. */
uint64_t pst_machine_memory(void);
void pst_machine_pretend_memory(uint64_t bytes);

#endif
