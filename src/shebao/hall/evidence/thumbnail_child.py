"""The child that makes a small picture of an uploaded image: limited by the kernel, a hostile file ends only it.

It is run as a script by `thumbnails.py`: limits as JSON in the first argument, the image on standard input; on standard
output one byte, which tells whether it is `UNCLEAR`, and the picture. Nothing at all comes out when the image cannot
be read or is too large, and no picture where `spare` is asked for and it is upright, small enough and silent about its
camera as it is.
"""

import io
import json
import resource
import sys
import warnings

TOLD = {"exif", "xmp", "photoshop", "comment"}
"""What a JPEG may say beside the picture: how the camera was held, and also when, where and whose it was."""
TOLD_BY_PNG = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
"""The same of a PNG, wherever in the file it stands."""
CLEAR, UNCLEAR = b"c", b"u"
READ_AT = 1600  # pixels of the longer side at which a page of A4 is judged: 7 dots a millimetre
SHORTEST = 600  # of a picture whose longer side has less, no page can be read
SHARPEST, BLOCK, EDGE = 0.02, 16, 8
"""So large a part of the picture has to be written, in blocks of so many pixels, with edges of so much contrast. Print
that is sharp has 25 to 80; blurred until its strokes run together, below 8. A page may be nearly empty."""
DIFFERENCE = [abs(value - 128) for value in range(256)]


def confine(limits):
    """Hand the kernel the limits: memory, processor seconds, no core file, nothing written to disk."""
    for kind, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def small_picture(data, limits):
    """Whether the image is unclear, where that is asked, and the image upright, not larger than the edge, without what
    a camera wrote into it. Raises for any other thing.
    """
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
        size, is_png = image.size, image.format == "PNG"
        if size[0] * size[1] > limits["pixels"]:
            raise ValueError("more pixels than are looked at")
        fits = max(size) <= limits["edge"] and len(data) <= limits["most"]
        if limits["spare"] and fits and not says_more(image, data):
            return CLEAR, b""
        width = READ_AT if limits["judge"] else limits["edge"] * 2
        image.draft("RGB", (width, width))
        image = ImageOps.exif_transpose(image)
        if image.mode in ("1", "P", "PA"):  # otherwise letters are made smaller by leaving pixels out
            image = image.convert("L" if image.mode == "1" else "RGBA")
        mark = UNCLEAR if limits["judge"] and (max(size) < SHORTEST or is_blurred(image)) else CLEAR
        if limits["turn"]:
            image = image.transpose(Image.Transpose.ROTATE_270)
        image.thumbnail((limits["edge"], limits["edge"]))
        image.info = {key: value for key, value in image.info.items() if key == "icc_profile"}
        return mark, written(image, limits, is_lossless=is_png and len(data) <= limits["lossless"] * size[0] * size[1])


def says_more(image, data):
    """Whether the file says anything beside the picture."""
    if image.format == "JPEG":
        return bool(TOLD & image.info.keys())
    place = 8
    while place + 8 <= len(data):
        if data[place + 4 : place + 8] in TOLD_BY_PNG:
            return True
        place += 12 + int.from_bytes(data[place : place + 4])
    return False


def is_blurred(image):
    """Whether there is nowhere enough of sharp edges for anything to be read; a measure, no judgement."""
    from PIL import ImageFilter

    grey = image.convert("L")
    grey.thumbnail((READ_AT, READ_AT))
    kernel = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
    edges = grey.filter(kernel).point(DIFFERENCE)
    counts = edges.crop((1, 1, edges.width - 1, edges.height - 1)).reduce(BLOCK).histogram()
    return sum(counts[EDGE:]) < SHARPEST * sum(counts)


def written(image, limits, is_lossless):
    """The image as a file: what came without loss stays so as long as it is small, anything else is a JPEG."""
    from PIL import Image

    if is_lossless:
        out = io.BytesIO()
        image.save(out, "PNG")
        if out.tell() <= limits["most"]:
            return out.getvalue()
    if image.mode not in ("RGB", "L"):
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, "white")
        image.paste(clear, mask=clear.getchannel("A"))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=limits["quality"])
    return out.getvalue()


def main():
    """Read, draw, answer; whatever goes wrong is the same to whoever uploads: there is no small picture."""
    limits = json.loads(sys.argv[1])
    confine(limits)
    warnings.simplefilter("error")  # Pillow only warns of an image that is a bomb
    data = sys.stdin.buffer.read()
    try:
        mark, picture = small_picture(data, limits)
    except BaseException:
        sys.exit(1)
    sys.stdout.buffer.write(mark + picture)


if __name__ == "__main__":
    main()
