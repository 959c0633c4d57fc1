/* Symbolic links, as the library writes through them; the program tells files apart by it before they are made. */
#ifndef PST_PACKAGE_LINKS_H
#define PST_PACKAGE_LINKS_H

#include <stdbool.h>

/* *target is where a symbolic link leads, to be freed with free(), be there a file or none yet; NULL for what is no
 * link. False where that cannot be found out. In base/system_links.c. */
bool pst_system_follow(const char *path, char **target);

#endif
