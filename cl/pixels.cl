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

/* In part of an image with rows of w: sums: (what samples are outside 0..255)^2; d += scale * what is outside. */
SUM_KERNEL void pixels_outside(global const float *x, int w, int part_y, int part_x, int part_h, int part_w,
                               float pixel_scale, float scale, global float *d, global float *sums, int slot) {
    SUM_SCRATCH
    float sum = 0.0f;
    FOR_SHARE(at, part_h * part_w) {
        int pixel = (part_y + at / part_w) * w + part_x + at % part_w;
        float3 sample = vload3(pixel, x) + MEAN, outside = sample - clamp(sample, 0.0f, 255.0f * pixel_scale);
        sum += dot(outside, outside);
        vstore3(vload3(pixel, d) + scale * outside, pixel, d);
    }
    PUT_SUM(sum, sums, slot);
}

/* to may be x */
EACH_KERNEL void pixels_clamp(global const float *x, int pixels, float scale, global float *to) {
    FOR_EACH(p, pixels)
        vstore3(clamp(vload3(p, x), -MEAN, (float3)(255.0f * scale) - MEAN), p, to);
}
