/* Text from a URL. */
#ifndef PST_WEB_UNESCAPE_H
#define PST_WEB_UNESCAPE_H

#include <stddef.h>

/* So many bytes without their percent escapes, by malloc. NULL: there is no memory, or they are not clean: a broken
 * escape, a control character, or what is no UTF-8. */
char *web_unescape(const char *text, size_t length);

/* A Content-Disposition that saves under this name, by malloc: once in ASCII, and once as it is. NULL: no memory. */
char *web_disposition(const char *name);

#endif
