/* Color profiles (ICC) by lcms2. A build without it has no profiles: then *transform is NULL and `problem` says so. */
#ifndef PST_IMAGE_PROFILE_H
#define PST_IMAGE_PROFILE_H

#include "image/raster.h"

typedef struct pst_transform pst_transform;

bool pst_profile_possible(void);

/* From the raster's colors to sRGB. *transform is NULL where nothing has to be done, or nothing can be: then *problem
 * is a text for people, and else NULL. A gray image may have an RGB profile: *channels is what pst_transform_run
 * takes. */
pst_status pst_profile_to_srgb(pst_error *error, const pst_raster *raster, pst_transform **transform, int *channels,
                               const char **problem);

/* From sRGB to an RGB profile, for writing. PST_ERROR_FORMAT for what is none; messages have no path yet. */
pst_status pst_profile_from_srgb(pst_error *error, const uint8_t *profile, size_t bytes, pst_transform **transform);

/* From sRGB by way of a profile of any kind that can be printed with, and back. */
pst_status pst_profile_proof(pst_error *error, const uint8_t *profile, size_t bytes, pst_intent intent,
                             pst_transform **transform);

/* The bytes of a profile for sRGB, always the same; free with pst_free. NULL without lcms2. */
pst_status pst_profile_srgb(pst_error *error, uint8_t **profile, size_t *bytes);

/* Floats from 0 to 1 (CMYK: 0 to 100; Lab: its own numbers) become RGB floats, about from 0 to 1. `in` and `out` may be
 * the same. */
void pst_transform_run(pst_transform *transform, const float *in, float *out, size_t pixels);
void pst_transform_destroy(pst_transform *transform);

#endif
