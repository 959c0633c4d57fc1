/* The kernel sources that CMake embeds from cl/ (see cl/embed.cmake). */
#ifndef PST_CL_KERNELS_H
#define PST_CL_KERNELS_H

typedef struct pst_kernel_source {
    const char *name; /* the file's name without ".cl" */
    const char *text;
} pst_kernel_source;

/* Ends with an entry of NULLs. */
extern const pst_kernel_source pst_kernel_sources[];

#endif
