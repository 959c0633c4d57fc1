/* Pictures between the host's form (RGB, 0..255) and the network's (BGR minus the mean), both float [pixel][3]. */
#ifndef PST_OP_PIXELS_H
#define PST_OP_PIXELS_H

#include "cl/session.h"

pst_status pst_pixels_import(pst_session *session, const pst_buffer *rgb, size_t pixels, pst_buffer *x);
pst_status pst_pixels_export(pst_session *session, const pst_buffer *x, size_t pixels, pst_buffer *rgb);

#endif
