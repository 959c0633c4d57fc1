/* Calls of the driver's compiler, which may be given a time, and several of which may be at work at once. */
#ifndef PST_CL_BUILD_H
#define PST_CL_BUILD_H

#include "cl/session.h"

typedef struct pst_build {
    cl_program program;  /* NULL afterwards: it took too long. The driver still works on it, and it is released in the
                            end */
    const char *options; /* must stay until then */
    double seconds;      /* that it may take; 0: as many as it takes */
    cl_int code;         /* the result */
} pst_build;

/* clBuildProgram for each, up to PST_BUILDS_AT_ONCE at once, or as many as the process may use processors. One alone
 * without a limit is built by this thread. */
#define PST_BUILDS_AT_ONCE 8
void pst_build_all(cl_device_id device, size_t count, pst_build *builds);

#endif
