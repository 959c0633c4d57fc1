"""Images as plain 24-bit BMP: pastiche writes and reads it, and Python reads it without any package."""
import struct


class ImageError(Exception):
    pass


def read_bmp(path):
    """(width, height, rows): each row is 3 * width bytes, blue first, top row first."""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 54 or data[:2] != b"BM":
        raise ImageError("%s is not a BMP" % path)
    at, = struct.unpack_from("<I", data, 10)
    width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    if bits != 24 or packing != 0 or width < 1 or height == 0:
        raise ImageError("%s is not an uncompressed BMP of 24 bits" % path)
    stride = (3 * width + 3) // 4 * 4
    if len(data) < at + stride * abs(height):
        raise ImageError("%s is cut short" % path)
    rows = [data[at + stride * y:at + stride * y + 3 * width] for y in range(abs(height))]
    return width, abs(height), rows[::-1] if height > 0 else rows


def write_bmp(path, rows):
    width, height = len(rows[0]) // 3, len(rows)
    pad = b"\0" * (-3 * width % 4)
    body = b"".join(bytes(row) + pad for row in reversed(rows))
    head = struct.pack("<2sIHHI", b"BM", 54 + len(body), 0, 0, 54)
    head += struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(body), 2835, 2835, 0, 0)
    with open(path, "wb") as f:
        f.write(head + body)


def middle(rows, width, height):
    left, top = (len(rows[0]) // 3 - width) // 2, (len(rows) - height) // 2
    if left < 0 or top < 0:
        raise ImageError("no %d x %d pixels fit into %d x %d" % (width, height, len(rows[0]) // 3, len(rows)))
    return [row[3 * left:3 * (left + width)] for row in rows[top:top + height]]


def blend(first, second):
    return [bytes((a + b) // 2 for a, b in zip(r, s)) for r, s in zip(first, second)]
