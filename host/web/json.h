/* Values of JSON that may be odd. */
#ifndef PST_WEB_JSON_H
#define PST_WEB_JSON_H

#include <jansson.h>

/* JSON is UTF-8, and names of files and devices need not be: then a "?" stands for each byte that is not ASCII. NULL is
 * null. */
json_t *web_json_text(const char *value);

/* Rounded to so many digits, 9 at most; null where it is not finite. */
json_t *web_json_number(double value, int digits);

#endif
