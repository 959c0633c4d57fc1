/* A device in use: its context, one in-order queue, and what buffer.h and program.h keep there. One host thread.
 * Failures go into the session's error record with the call, the OpenCL code and what it was for. */
#ifndef PST_CL_SESSION_H
#define PST_CL_SESSION_H

#include "cl/binaries.h"

typedef struct pst_program pst_program;

#define PST_KEPT 16

typedef struct pst_session {
    pst_error *error;
    pst_device device;
    cl_context context;
    cl_command_queue queue;
    char *kernel_folder;   /* NULL: the embedded kernels */
    unsigned place;        /* among the sessions that are open where the driver mixes them up; else 0 */
    bool cpu_kernels;      /* kernels have two forms; this follows the device, unless the environment variable
                              PASTICHE_KERNELS_FORM is "cpu" or "gpu". Tests set it before any kernel is built */
    pst_program *programs; /* a list of program.c, which also sets how to release it */
    void (*release_programs)(pst_program *programs);
    pst_binaries binaries;
    uint64_t refused;       /* what its compiler is not up to: op/refused.h */
    uint64_t in_memory;     /* ... those of them that it keeps in memory */
    double compile_seconds; /* what is too long */
    double build_seconds;   /* ... for programs built from now on; 0: as long as it takes */
    bool too_slow;          /* such a program was given up */
    bool kept_in_memory;    /* ... or one with more registers, for it keeps them in memory, or does not build */
    bool rehearsal;         /* programs are noted, and nothing is launched: cl/program.h */
    bool lost;              /* after an out-of-resources error nothing more is asked of the driver */
    size_t buffer_count;    /* alive */
    uint64_t buffer_bytes;  /* alive, as planned: what was asked for */
    uint64_t peak_bytes;
    unsigned waits, launches;         /* how often the host has waited for the device, and queued a kernel, so far */
    unsigned compiled;                /* programs made from source so far */
    bool matrix_units;                /* products of op/matrix_units.h are right on this device ... */
    bool matrix_units_known;          /* ... or it was found that they are not */
    bool (*skip)(const char *kernel); /* for tests that count launches: those that are counted only. NULL: none */
    bool reading;                     /* a pst_buffer_read_later may still write to its host memory */
    void *kept[PST_KEPT];             /* such memory, of reads that could not be waited for; ends with the queue */
} pst_session;

/* The session keeps `error`. kernel_folder may be NULL. `device` names one, as in pst_context_options.device. */
pst_status pst_session_open_on(pst_error *error, const pst_device *device, const char *kernel_folder,
                               pst_session **session);
pst_status pst_session_open(pst_error *error, const char *device, const char *kernel_folder, pst_session **session);
void pst_session_close(pst_session *session);

/* PST_ERROR_DEVICE after a failure that the driver does not survive: nothing must be queued any more. */
pst_status pst_session_alive(const pst_session *session);

/* Whether the driver mixes up sessions, and this is not the only one that is open. */
bool pst_session_is_mixed(const pst_session *session);

/* Waits until everything queued is done. */
pst_status pst_session_finish(pst_session *session);

/* Frees host memory that pst_buffer_read_later may have been given, once no read can write to it any more. */
void pst_session_free(pst_session *session, void *memory);

/* Turns an OpenCL code into a status; CL_SUCCESS is PST_OK. `call` and `what` (may be NULL) tell what was tried. */
pst_status pst_session_check(pst_session *session, cl_int code, const char *call, const char *what);

#endif
