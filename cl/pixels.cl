/* Images between the host's form (RGB, 0..255) and the network's (BGR, minus the mean); [pixel][3]. */
#define MEAN ((float3)(103.939f, 116.779f, 123.68f))

EACH_KERNEL void pixels_import(global const float *rgb, int pixels, float scale, global float *x) {
    FOR_EACH(p, pixels)
        vstore3(vload3(p, rgb).zyx * scale - MEAN, p, x);
}

EACH_KERNEL void pixels_export(global const float *x, int pixels, float scale, global float *rgb) {
    FOR_EACH(p, pixels)
        vstore3((vload3(p, x) + MEAN).zyx * scale, p, rgb);
}

/* A change of an image that keeps its grays gray: each pixel's mean of d. to may be d. */
EACH_KERNEL void pixels_gray(global const float *d, int pixels, float scale, global float *to) {
    FOR_EACH(p, pixels) {
        float3 v = vload3(p, d);
        vstore3((float3)((v.x + v.y + v.z) * scale), p, to);
    }
}

/* to may be x */
EACH_KERNEL void pixels_clamp(global const float *x, int pixels, float scale, global float *to) {
    FOR_EACH(p, pixels)
        vstore3(clamp(vload3(p, x), -MEAN, (float3)(255.0f * scale) - MEAN), p, to);
}
