/* Programs: common.cl + one operation + generated defines, built when first needed and kept by the session. */
#ifndef PST_CL_PROGRAM_H
#define PST_CL_PROGRAM_H

#include "cl/session.h"

void pst_programs_release(pst_session *session);

#endif
