/* Pictures between the host's form (RGB, 0..255) and the network's (BGR, minus the mean); [pixel][3]. ids: (pixel, -, -) */
#define MEAN ((float3)(103.939f, 116.779f, 123.68f))

kernel void pixels_import(global const float *rgb, global float *x) {
    int pixel = get_global_id(0);
    vstore3(vload3(pixel, rgb).zyx - MEAN, pixel, x);
}

kernel void pixels_export(global const float *x, global float *rgb) {
    int pixel = get_global_id(0);
    vstore3((vload3(pixel, x) + MEAN).zyx, pixel, rgb);
}
