#include "image/profile.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#ifdef PST_WITH_LCMS2
#include <lcms2.h>

/* Floats go in and out, and lcms2 does not replace the curves and matrices of a profile by tables then: what comes out
 * is the profile's own arithmetic. */
struct pst_transform {
    cmsContext context;
    cmsHTRANSFORM transform;
};

bool pst_profile_possible(void) { return true; }

static pst_status no_memory(pst_error *error) {
    return pst_fail(error, PST_ERROR_MEMORY, "not enough memory for a color profile");
}

/* An empty transform with a context of its own, so that threads do not meet. */
static pst_status begin(pst_error *error, pst_transform **transform) {
    pst_status status = pst_allocate(error, 1, sizeof **transform, transform);
    if (status == PST_OK && !((*transform)->context = cmsCreateContext(NULL, NULL))) {
        pst_free(*transform);
        *transform = NULL;
        status = no_memory(error);
    }
    return status;
}

void pst_transform_destroy(pst_transform *transform) {
    if (!transform)
        return;
    if (transform->transform)
        cmsDeleteTransform(transform->transform);
    cmsDeleteContext(transform->context);
    pst_free(transform);
}

void pst_transform_run(pst_transform *transform, const float *in, float *out, size_t pixels) {
    cmsDoTransform(transform->transform, in, out, (cmsUInt32Number)pixels);
}

/* A profile from memory, of a copy whose header gives the length that is there and, where lcms2 wants it, the mark of
 * profiles: programs get the length wrong, and lcms2 would pass over all that lies beyond it. *made is NULL for what is
 * no profile. */
static pst_status open_profile(pst_error *error, cmsContext context, const uint8_t *profile, size_t bytes,
                               cmsHPROFILE *made) {
    enum { HEADER_BYTES = 128, MARK_AT = 36 };
    uint8_t *copy;
    *made = NULL;
    if (bytes < HEADER_BYTES || bytes > UINT32_MAX)
        return PST_OK;
    pst_status status = pst_allocate(error, bytes, 1, &copy);
    if (status != PST_OK)
        return status;
    memcpy(copy, profile, bytes);
    for (int i = 0; i < 4; i++)
        copy[i] = (uint8_t)(bytes >> 8 * (3 - i));
    *made = cmsOpenProfileFromMemTHR(context, copy, (cmsUInt32Number)bytes);
    if (!*made) {
        memcpy(copy + MARK_AT, "acsp", 4);
        *made = cmsOpenProfileFromMemTHR(context, copy, (cmsUInt32Number)bytes);
    }
    pst_free(copy);
    return PST_OK;
}

/* The colors a PNG file says it has, by numbers. */
static cmsHPROFILE from_numbers(cmsContext context, const pst_raster *raster) {
    const double *p = raster->primaries;
    cmsCIExyY white = {p[0], p[1], 1};
    cmsCIExyYTRIPLE primaries = {{p[2], p[3], 1}, {p[4], p[5], 1}, {p[6], p[7], 1}};
    if (p[1] <= 0 || p[3] <= 0 || p[5] <= 0 || p[7] <= 0) {
        white = (cmsCIExyY){0.3127, 0.3290, 1};
        primaries = (cmsCIExyYTRIPLE){{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    }
    cmsToneCurve *curve = cmsBuildGamma(context, 1 / raster->gamma);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE made = curve ? cmsCreateRGBProfileTHR(context, &white, &primaries, curves) : NULL;
    cmsFreeToneCurve(curve);
    return made;
}

/* Whether a transform leaves all RGB colors, or all grays, within a quarter of a level of 8 bits: most embedded
 * profiles are sRGB's. */
static bool changes_nothing(pst_transform *transform, int channels) {
    enum { STEPS = 9 };
    for (int i = 0; i < STEPS * STEPS * STEPS; i++) {
        float in[3] = {(float)(i % STEPS), (float)(i / STEPS % STEPS), (float)(i / STEPS / STEPS)}, out[3];
        for (int c = 0; c < 3; c++)
            in[c] = channels == 3 ? in[c] / (STEPS - 1) : (float)i / (float)(STEPS * STEPS * STEPS - 1);
        cmsDoTransform(transform->transform, in, out, 1);
        for (int c = 0; c < 3; c++)
            if (!(fabsf(fminf(fmaxf(out[c], 0), 1) - in[c]) < 0.25f / 255.0f))
                return false;
    }
    return true;
}

pst_status pst_profile_to_srgb(pst_error *error, const pst_raster *raster, pst_transform **transform, int *channels,
                               const char **problem) {
    pst_status status = PST_OK;
    pst_transform *made = NULL;
    cmsHPROFILE from = NULL, to = NULL;
    *transform = NULL;
    *problem = NULL;
    *channels = raster->model;
    if (!raster->lab && !raster->profile && !(raster->gamma > 0 && raster->model != PST_RASTER_CMYK))
        return PST_OK;
    PST_TRY(begin(error, &made));
    if (raster->profile && !raster->lab)
        PST_TRY(open_profile(error, made->context, raster->profile, raster->profile_bytes, &from));
    else
        from = raster->lab ? cmsCreateLab4ProfileTHR(made->context, NULL) : from_numbers(made->context, raster);
    to = cmsCreate_sRGBProfileTHR(made->context);
    if (!to)
        PST_TRY(no_memory(error));
    cmsColorSpaceSignature space = from ? cmsGetColorSpace(from) : (cmsColorSpaceSignature)0;
    cmsUInt32Number format = space == cmsSigGrayData   ? TYPE_GRAY_FLT
                             : space == cmsSigCmykData ? TYPE_CMYK_FLT
                             : raster->lab             ? TYPE_Lab_FLT
                                                       : TYPE_RGB_FLT;
    bool fits = raster->lab ? space == cmsSigLabData
                : raster->model == PST_RASTER_CMYK
                    ? space == cmsSigCmykData
                    : space == cmsSigRgbData || (space == cmsSigGrayData && raster->model == PST_RASTER_GRAY);
    if (fits)
        made->transform =
            cmsCreateTransformTHR(made->context, from, format, to, TYPE_RGB_FLT, INTENT_RELATIVE_COLORIMETRIC,
                                  cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE);
    if (!made->transform) {
        *problem = !from || fits ? "its color profile is damaged and ignored"
                                 : "its color profile is for other colors and ignored";
        goto cleanup;
    }
    *channels = (int)T_CHANNELS(format);
    if (!raster->lab && *channels != 4 && changes_nothing(made, *channels))
        goto cleanup;
    *transform = made;
    made = NULL;

cleanup:
    if (from)
        cmsCloseProfile(from);
    if (to)
        cmsCloseProfile(to);
    pst_transform_destroy(made);
    return status;
}

/* sRGB, then the profile; and where there is a way back, the profile once more, as where it begins, and sRGB. */
static pst_status from_srgb(pst_error *error, const uint8_t *profile, size_t bytes, bool back, pst_intent intent,
                            pst_transform **transform) {
    static const cmsUInt32Number intents[] = {INTENT_PERCEPTUAL, INTENT_RELATIVE_COLORIMETRIC, INTENT_SATURATION,
                                              INTENT_ABSOLUTE_COLORIMETRIC};
    pst_status status = PST_OK;
    pst_transform *made = NULL;
    cmsHPROFILE chain[4] = {0};
    *transform = NULL;
    PST_TRY(begin(error, &made));
    chain[0] = cmsCreate_sRGBProfileTHR(made->context);
    PST_TRY(open_profile(error, made->context, profile, bytes, &chain[1]));
    chain[2] = chain[1];
    chain[3] = chain[0];
    if (!chain[0])
        PST_TRY(no_memory(error));
    if (!chain[1])
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "it is not a color profile (ICC)"));
    if (!back && cmsGetColorSpace(chain[1]) != cmsSigRgbData)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "this color profile is not for RGB; images are written as RGB"));
    made->transform = cmsCreateMultiprofileTransformTHR(
        made->context, chain, back ? 4 : 2, TYPE_RGB_FLT, TYPE_RGB_FLT, intents[intent],
        cmsFLAGS_NOCACHE | (back ? 0 : cmsFLAGS_BLACKPOINTCOMPENSATION));
    if (!made->transform)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "this color profile cannot convert colors to its device%s",
                         back ? " and back" : ""));
    *transform = made;
    made = NULL;

cleanup:
    if (chain[0])
        cmsCloseProfile(chain[0]);
    if (chain[1])
        cmsCloseProfile(chain[1]);
    pst_transform_destroy(made);
    return status;
}

pst_status pst_profile_from_srgb(pst_error *error, const uint8_t *profile, size_t bytes, pst_transform **transform) {
    return from_srgb(error, profile, bytes, false, PST_INTENT_RELATIVE, transform);
}

pst_status pst_profile_proof(pst_error *error, const uint8_t *profile, size_t bytes, pst_intent intent,
                             pst_transform **transform) {
    return from_srgb(error, profile, bytes, true, intent, transform);
}

enum { CREATED_AT = 24, CREATED_BYTES = 12 }; /* in a profile's header: six numbers of two bytes */

pst_status pst_profile_srgb(pst_error *error, uint8_t **profile, size_t *bytes) {
    static const uint8_t created[CREATED_BYTES] = {2000 >> 8, 2000 & 255, 0, 1, 0, 1}; /* the same file on every day */
    pst_status status = PST_OK;
    cmsUInt32Number size = 0;
    *profile = NULL;
    *bytes = 0;
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsHPROFILE made = context ? cmsCreate_sRGBProfileTHR(context) : NULL;
    if (!made || !cmsSaveProfileToMem(made, NULL, &size) || size < 128)
        PST_TRY(no_memory(error));
    PST_TRY(pst_allocate(error, size, 1, profile));
    if (!cmsSaveProfileToMem(made, *profile, &size))
        PST_TRY(no_memory(error));
    memcpy(*profile + CREATED_AT, created, sizeof created);
    *bytes = size;

cleanup:
    if (status != PST_OK) {
        pst_free(*profile);
        *profile = NULL;
    }
    if (made)
        cmsCloseProfile(made);
    if (context)
        cmsDeleteContext(context);
    return status;
}

#else /* no lcms2 */

bool pst_profile_possible(void) { return false; }

pst_status pst_profile_to_srgb(pst_error *error, const pst_raster *raster, pst_transform **transform, int *channels,
                               const char **problem) {
    (void)error;
    *transform = NULL;
    *channels = raster->model;
    *problem =
        raster->profile || raster->gamma > 0 ? "its color profile is ignored, since this build has no lcms2" : NULL;
    return PST_OK;
}

static pst_status not_here(pst_error *error, pst_transform **transform) {
    *transform = NULL;
    return pst_fail(error, PST_ERROR_UNSUPPORTED, "this build has no lcms2 and cannot use color profiles");
}

pst_status pst_profile_from_srgb(pst_error *error, const uint8_t *profile, size_t bytes, pst_transform **transform) {
    (void)profile, (void)bytes;
    return not_here(error, transform);
}

pst_status pst_profile_proof(pst_error *error, const uint8_t *profile, size_t bytes, pst_intent intent,
                             pst_transform **transform) {
    (void)profile, (void)bytes, (void)intent;
    return not_here(error, transform);
}

pst_status pst_profile_srgb(pst_error *error, uint8_t **profile, size_t *bytes) {
    (void)error;
    *profile = NULL;
    *bytes = 0;
    return PST_OK;
}

void pst_transform_run(pst_transform *transform, const float *in, float *out, size_t pixels) {
    (void)transform, (void)in, (void)out, (void)pixels;
}

void pst_transform_destroy(pst_transform *transform) { (void)transform; }
#endif
