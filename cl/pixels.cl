/* Pictures between the host's form (RGB, 0..255) and the network's (BGR, minus the mean); [pixel][3]. */
#define MEAN ((float3)(103.939f, 116.779f, 123.68f))

EACH_KERNEL void pixels_import(global const float *rgb, int pixels, global float *x) {
    FOR_EACH(p, pixels)
        vstore3(vload3(p, rgb).zyx - MEAN, p, x);
}

EACH_KERNEL void pixels_export(global const float *x, int pixels, global float *rgb) {
    FOR_EACH(p, pixels)
        vstore3((vload3(p, x) + MEAN).zyx, p, rgb);
}
