/* An image whose border is continued, so that each side is a multiple of a number: a pooling network then sees every
 * pixel. The new pixels mirror those at the border, which keeps its statistics. */
#ifndef PST_IMAGE_EXTENT_H
#define PST_IMAGE_EXTENT_H

typedef struct pst_extent {
    int image_w, image_h; /* of the image itself */
    int w, h;             /* with what is added */
    int left, top;        /* where the image begins in it */
} pst_extent;

/* The least sides that are multiples of `multiple`; 1 adds nothing. */
pst_extent pst_extent_make(int image_w, int image_h, int multiple);

/* from [image_h][image_w][channels], to [h][w][channels]; of it the rows first .. first + count - 1; and such rows
 * back, to the image [image_h][image_w][channels]. */
void pst_extent_continue(const pst_extent *extent, int channels, const float *from, float *to);
void pst_extent_continue_rows(const pst_extent *extent, int channels, const float *from, int first, int count,
                              float *to);
void pst_extent_crop_rows(const pst_extent *extent, int channels, const float *from, int first, int count, float *to);

#endif
