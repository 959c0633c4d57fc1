/* The kernel sources, which CMake builds in: the files of cl/. */
#ifndef PST_CL_KERNELS_H
#define PST_CL_KERNELS_H

#include "package/embedded.h"

extern const embedded_file pst_kernel_files[];

#endif
