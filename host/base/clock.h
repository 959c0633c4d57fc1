/* Time, from the operating system: system.c. */
#ifndef PST_BASE_CLOCK_H
#define PST_BASE_CLOCK_H

/* Seconds on a clock that never goes back; only differences mean something. */
double pst_clock_seconds(void);

#endif
