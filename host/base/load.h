/* What other programs do on this machine while something is measured. */
#ifndef PST_BASE_LOAD_H
#define PST_BASE_LOAD_H

#include <stdbool.h>

/* Processors' time since some moment, in seconds: all there was, what was used, what this process used. */
typedef struct pst_load {
    bool known;
    double all, used, own;
} pst_load;

pst_load pst_load_now(void);

/* The part of all processors' time that others used from one moment to the other, 0..1; below 0: unknown. */
double pst_load_of_others(const pst_load *from, const pst_load *to);

#endif
