/* What some compilers can check and others do not know. */
#ifndef PST_PACKAGE_COMPILER_H
#define PST_PACKAGE_COMPILER_H

/* Behind a function's declaration: argument `format` is printf's format for the arguments from `first` on. */
#if defined(__MINGW32__) /* whose printf is the C library's own, not the system's: see CMakeLists.txt */
#define PRINTF_LIKE(format, first) __attribute__((__format__(__gnu_printf__, format, first)))
#elif defined(__GNUC__)
#define PRINTF_LIKE(format, first) __attribute__((__format__(__printf__, format, first)))
#else
#define PRINTF_LIKE(format, first)
#endif

#endif
