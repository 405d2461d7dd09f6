"""The child that makes a small picture of an uploaded image: limited by the kernel, a hostile file ends only it.

It is run as a script by `thumbnails.py`: limits as JSON in the first argument, the image on standard input, a JPEG
on standard output. Nothing at all comes out when the image cannot be read or is too large, and where `spare` is asked
for, when it is upright, small enough and silent about its camera as it is.
"""

import io
import json
import resource
import sys
import warnings

TOLD = {"exif", "xmp", "photoshop", "comment"}
"""What a file may say beside the picture: how the camera was held, and also when, where and whose it was."""


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
    """The image upright, not larger than the edge, without what a camera wrote into it. Raises for any other thing."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
        width, height = image.size
        if width * height > limits["pixels"]:
            raise ValueError("more pixels than are looked at")
        if limits["spare"] and max(width, height) <= limits["edge"] and not TOLD & image.info.keys():
            return b""
        image.draft("RGB", (limits["edge"] * 2, limits["edge"] * 2))
        image = ImageOps.exif_transpose(image)
        image.thumbnail((limits["edge"], limits["edge"]))
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
        picture = small_picture(data, limits)
    except BaseException:
        sys.exit(1)
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
