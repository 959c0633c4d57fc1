/* What a file says beside its pixels: EXIF's orientation, and our own text, which lies in PNG as iTXt "pastiche" and
 * elsewhere in an XMP packet. EXIF is read by hand: one tag of the hundreds that libexif knows is needed. */
#ifndef PST_IMAGE_METADATA_H
#define PST_IMAGE_METADATA_H

#include "base/status.h"

/* Of an EXIF block, which is a small TIFF file, with or without "Exif\0\0" before it: 1 to 8; 0 if it says nothing
 * sensible. */
int pst_exif_orientation(const uint8_t *exif, size_t bytes);

/* The orientation that a JPEG, PNG or WebP file tells, in a PNG also as the text of older programs; 0 for none. */
int pst_file_orientation(const uint8_t *file, size_t bytes);

/* The text that pst_write_options.metadata put into a file; *text is NULL if there is none. Free with pst_free. */
pst_status pst_metadata_find(pst_error *error, const uint8_t *file, size_t bytes, char **text);

/* An XMP packet around a text; free with pst_free. */
pst_status pst_xmp_wrap(pst_error *error, const char *text, char **packet);

#define PST_METADATA_KEY "pastiche"
#define PST_XMP_JPEG "http://ns.adobe.com/xap/1.0/" /* with its zero, before the packet in an APP1 */

#endif
