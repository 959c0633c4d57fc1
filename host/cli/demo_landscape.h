#ifndef PASTICHE_DEMO_LANDSCAPE_H
#define PASTICHE_DEMO_LANDSCAPE_H

void demo_draw_landscape(int width, int height, float *rgb);

#endif
