/* An image for the page: kept as an image, made a JPEG by whoever asks first. */
#ifndef PST_WEB_SHOT_H
#define PST_WEB_SHOT_H

#include "pastiche.h"

enum { WEB_VIEW_MOST = 1280 }; /* longer side of an image that is only looked at */

typedef struct web_shot {
    int references; /* under the server's lock, as all else is the owner's */
    pst_image *image;
    uint8_t *files[2]; /* small enough to be looked at; whole. NULL: not made yet */
    size_t bytes[2];
    double encode_seconds; /* that the last file took */
} web_shot;

/* With one reference: a copy of the image, scaled down to a longer side of `most` pixels where that is less (0:
 * never). NULL: no memory. */
web_shot *web_shot_create(const pst_image *image, int most);
void web_shot_release(web_shot *shot); /* NULL is fine */

/* Makes the file if it is not there; false: no memory. Never two at a time for one shot. */
bool web_shot_encode(web_shot *shot, bool whole);

#endif
