/* The call of the driver's compiler, which may be given a time. */
#ifndef PST_CL_BUILD_H
#define PST_CL_BUILD_H

#include "cl/session.h"

/* clBuildProgram. *code is its result. Within session->build_seconds, if that is not 0, or else PST_ERROR_DEVICE,
 * session->too_slow is set, and *program is NULL: the driver still works on it, and it is released in the end. `name`
 * is for the message. */
pst_status pst_build(pst_session *session, cl_program *program, const char *name, const char *options, cl_int *code);

#endif
