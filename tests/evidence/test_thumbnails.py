"""Small pictures of uploaded images: drawn anew from the pixels, private as the image, no hostile file costs more."""

import io
import os
import struct
import time
import zlib
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw, ImageFilter
from PIL.PngImagePlugin import PngInfo

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.operations import save_declarations
from shebao.hall.desk.operations import claim_cases
from shebao.hall.errors import Refused
from shebao.hall.evidence import files
from shebao.hall.evidence.housekeeping import SAFE_AGE, sweep_files
from shebao.hall.evidence.models import Evidence, StoredFile
from shebao.hall.evidence.operations import add_evidence
from shebao.hall.evidence.thumbnails import Limits, Small, made_to_fit, thumbnail
from shebao.hall.registration import operations
from shebao.hall.registration.reviewing import REGISTRATIONS
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled
from tests.papers import JPEG, PDF, upload
from tests.registration.applying import drafted

CARD = "员工身份证件"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def picture(kind="JPEG", size=(1200, 800), mode="RGB", **how) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind, **how)
    return out.getvalue()


def drawn(content: bytes | Small | None) -> Image.Image:
    assert content is not None
    return Image.open(io.BytesIO(content.picture if isinstance(content, Small) else content))


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60,000 × 60,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_picture_is_drawn_small_upright_and_without_what_the_camera_wrote():
    exif = Image.Exif()
    exif[0x0112], exif[0x8825] = 6, {1: "N"}  # turned by a quarter; where it was taken
    small = drawn(thumbnail(picture(exif=exif)))
    assert small.format == "JPEG" and small.size == (213, 320)
    assert not small.getexif()
    assert drawn(thumbnail(picture("PNG", (40, 30), "RGBA"))).size == (40, 30)
    assert drawn(thumbnail(picture("PNG", (2000, 100), "P"))).size == (320, 16)


@pytest.mark.parametrize("content", [JPEG, PDF, b"", b"GIF89a", picture()[:400], bomb()])
def test_what_cannot_be_drawn_within_the_limits_has_no_small_picture(content):
    began = time.monotonic()
    assert thumbnail(content) is None
    assert time.monotonic() - began < Limits().wall_seconds


def test_an_image_of_too_many_pixels_is_not_looked_at():
    assert thumbnail(picture(), Limits(pixels=100)) is None
    assert thumbnail(picture("PNG", (6000, 6000)), Limits(memory_bytes=96 * 1024 * 1024)) is None


def test_a_photo_of_a_registration_is_kept_upright_and_no_larger_than_a_page_needs():
    exif = Image.Exif()
    exif[0x0112], exif[0x8825] = 6, {1: "N"}
    made = drafted()
    title = made.spec.papers[0].title
    operations.add_papers(made.pk, title, [upload("证照.jpg", picture(size=(3600, 2400), exif=exif))])
    kept = made.papers.get(stored__kind="jpeg").stored
    photo = drawn(files.content_of(kept))
    assert photo.size == (2000, 3000) and not photo.getexif() and kept.name == "证照.jpg"
    with pytest.raises(Refused, match="没有重复添加"):
        operations.add_papers(made.pk, title, [upload("证照.jpg", picture(size=(3600, 2400), exif=exif))])
    as_it_is = picture()
    for content in (as_it_is, PDF, JPEG, picture("PNG", (3000, 40))):
        assert files.fitted(upload("一.jpg", content)).content == content
    exif[0x0112] = 1  # upright and small, and still it says where it was taken
    small = drawn(files.fitted(upload("二.jpg", picture(exif=exif))).content)
    assert small.size == (1200, 800) and not small.getexif()
    with pytest.raises(Refused, match="最大 5 MB"):
        files.fitted(upload("大.pdf", PDF + b"\0" * files.FILE_LIMIT))
    with pytest.raises(Refused, match="每张图片最大 20 MB"):
        files.fitted(upload("大.jpg", as_it_is + b"\0" * files.PICTURE_LIMIT))


def noise(kind: str, size=(1000, 1400), **how) -> bytes:
    """What compresses as little as a photograph."""
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise(size, 80) for _ in "RGB"]).save(out, kind, **how)
    return out.getvalue()


def print_of(blur: float, size=(1200, 1600)) -> bytes:
    """A page of print, as sharp as it was photographed."""
    page = Image.new("L", size, 235)
    pen = ImageDraw.Draw(page)
    for y in range(60, size[1] - 60, 40):
        for x in range(60, size[0] - 60, 22):
            pen.text((x, y), "E", fill=40, font_size=26)
    out = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(blur)).save(out, "JPEG", quality=85)
    return out.getvalue()


def test_a_png_stays_one_while_it_is_print_and_becomes_a_jpeg_where_it_is_a_photograph():
    print_ = drawn(made_to_fit(picture("PNG", (3600, 2400), "1")))
    assert (print_.format, print_.size) == ("PNG", (3000, 2000))
    said = PngInfo()
    said.add_text("Author", "示例")
    told = picture("PNG", pnginfo=said)
    plain = made_to_fit(told)
    assert b"iTXt" in told and b"iTXt" not in plain and drawn(plain).format == "PNG"
    photo = noise("PNG", (1500, 1400), compress_level=0)
    assert len(photo) > files.FILE_LIMIT
    kept = files.fitted(upload("截图.png", photo))
    assert drawn(kept.content).size == (1500, 1400) and len(kept.content) < files.FILE_LIMIT
    assert drawn(kept.content).format == "JPEG" and files.fitted(kept) is kept
    exif = Image.Exif()
    exif[0x0112] = 6
    assert drawn(made_to_fit(picture("PNG", exif=exif))).size == (800, 1200)
    hidden = picture(comment=b"where it was", exif=exif)
    assert b"where it was" in hidden and b"where it was" not in made_to_fit(hidden)
    assert made_to_fit(bomb()) is None and files.fitted(upload("弹.png", bomb())).content == bomb()


def test_a_picture_that_cannot_be_read_is_marked_and_kept():
    clerk, one = shenzhen()
    pages = [upload(f"{blur}.jpg", print_of(blur)) for blur in (0, 12)]
    add_evidence(one.pk, CARD, [*pages, upload("小.png", picture("PNG", (300, 200)))], by=clerk)
    marks = dict(StoredFile.objects.values_list("name", "is_unclear"))
    assert marks == {"0.jpg": False, "12.jpg": True, "小.png": True}


def shenzhen():
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))
    employee = enrolled(clerk.employer)
    answers = {"id_number": employee.person.id_number, "name": employee.name, "new_name": "李改名", "note": "更正"}
    return clerk, save_declarations(clerk.employer_id, "sensitive_employee_change", [answers], by=clerk)[0]


def test_the_small_picture_is_sealed_shown_where_the_image_is_and_nobody_elses(client):
    clerk, one = shenzhen()
    made = add_evidence(
        one.pk,
        CARD,
        [upload("正面.jpg", picture()), upload("反面.pdf", PDF), upload("三.png", picture("PNG"))],
        by=clerk,
    )
    seen, plain, _ = (Evidence.objects.get(pk=each.pk) for each in made)
    assert (seen.stored.has_thumbnail, plain.stored.has_thumbnail) == (True, False)
    on_disk = files._small(seen.stored.place).read_bytes()
    assert not on_disk.startswith(b"\xff\xd8")
    client.force_login(clerk)
    address = f"/e/evidence/{seen.pk}/small/"
    for page in (f"/e/cases/{one.pk}/papers/", f"/e/cases/{one.pk}/"):
        said = client.get(page).content.decode()
        assert said.count(f'src="{address}"') == 1 and f"/e/evidence/{plain.pk}/small/" not in said
    answer = client.get(address)
    assert drawn(answer.content).size == (320, 213)
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/jpeg", "no-store")
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Content-Disposition"] == "inline"
    assert client.get(f"/e/evidence/{plain.pk}/small/").status_code == 404
    client.force_login(OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen")))
    assert client.get(address).status_code == 404
    client.force_login(reviewer := OperatorFactory(reviewer=True, region="shenzhen"))
    assert client.get(f"/a/evidence/{seen.pk}/small").status_code == 404, "not submitted yet"
    one.state = "submitted"
    one.save()
    assert client.get(f"/a/evidence/{seen.pk}/small").status_code == 200
    assert f"/a/evidence/{seen.pk}/small" not in client.get(f"/a/cases/{one.pk}").content.decode()
    claim_cases([one.pk], by=reviewer)
    whole = client.post(f"/a/cases/{one.pk}/reveal", {"reason": "核对申报材料"}).content.decode()
    assert f"/a/evidence/{seen.pk}/small" in whole


def test_the_small_picture_of_a_registration_is_its_applicants_and_the_agencys(client, settings):
    made = drafted()
    operations.add_papers(made.pk, made.spec.papers[0].title, [upload("证照.jpg", picture())])
    seen, plain = (made.papers.get(stored__kind=kind, title=made.spec.papers[0].title) for kind in ("jpeg", "pdf"))
    address = f"/register/yunnan/files/{seen.pk}/small"
    assert client.get(address).status_code == 404, "held by nobody here"
    client.post("/register/status", {"number": made.number, "phone": "13900000001"})
    step = client.get("/register/yunnan/6").content.decode()
    assert step.count(f'src="{address}"') == 1 and f"/files/{plain.pk}/small" not in step
    assert drawn(client.get(address).content).size == (320, 213)
    assert client.get(f"/register/yunnan/files/{plain.pk}/small").status_code == 404
    other = drafted(n=2)
    assert client.get(f"/register/yunnan/files/{other.papers.first().pk}/small").status_code == 404

    desk = f"/a/registrations/files/{seen.pk}"
    client.force_login(reviewer := OperatorFactory(reviewer=True, region="yunnan"))
    assert client.get(f"{desk}/small").status_code == 404, "not submitted yet"
    made = operations.submit_registration(made.pk)
    assert f'src="{desk}' not in client.get(f"/a/registrations/{made.pk}").content.decode()
    claim_cases([made.pk], by=reviewer, kind=REGISTRATIONS)
    page = client.post(f"/a/registrations/{made.pk}/reveal", {"reason": "核对申报材料"}).content.decode()
    assert f'src="{desk}/small"' in page and f'src="{desk}/shown"' in page
    assert (page.count(f'href="{desk}"'), page.count(f'href="{desk}/shown"')) == (1, 1), "each paper is listed once"
    assert client.get(f"{desk}/small")["Content-Type"] == "image/jpeg"
    assert client.get(f"{desk}/small").status_code == 200
    assert client.get(f"{desk}/shown").content == picture()
    looks = AuditEntry.objects.filter(action="evidence.looked_at").order_by("sequence")
    assert {one.subject for one in looks} == {f"registrationpaper:{seen.pk}"}
    words = [one.detail["reason"].partition("：")[0] for one in looks]
    assert words == ["缩略图", "审核注册材料"], "the small one once an hour, the whole one each time"
    assert client.get(f"/a/registrations/files/{plain.pk}/shown").status_code == 404
    client.force_login(OperatorFactory(reviewer=True, region="shenzhen"))
    assert [client.get(f"{desk}/{one}").status_code for one in ("small", "shown")] == [404, 404]


def planted(folder, name: str, age: timedelta):
    path = folder / name[:2] / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(b"left")
    stamp = time.time() - age.total_seconds()
    os.utime(path, (stamp, stamp))
    return path


def test_a_file_that_a_crash_left_is_swept_and_no_younger_and_no_known_one(settings, tmp_path, capsys):
    settings.SHEBAO_FILES_DIR = tmp_path / "files"
    clerk, one = shenzhen()
    add_evidence(one.pk, CARD, [upload("正面.jpg", picture())], by=clerk)
    stored = StoredFile.objects.get()
    old = SAFE_AGE + timedelta(minutes=1)
    for path in (files._path(stored.place), files._small(stored.place)):
        os.utime(path, (0, 0))
    orphans = [planted(settings.SHEBAO_FILES_DIR, "ab" * 20 + end, old) for end in ("", files.SMALL)]
    young = planted(settings.SHEBAO_FILES_DIR, "cd" * 20, SAFE_AGE - timedelta(minutes=1))
    strange = planted(settings.SHEBAO_FILES_DIR, "read me.txt", old)
    link = settings.SHEBAO_FILES_DIR / "ab" / ("ab" * 19 + "cc")
    link.symlink_to(strange)
    assert sweep_files() == 2
    assert not any(path.exists() for path in orphans)
    assert young.exists() and strange.exists() and link.exists()
    assert files._path(stored.place).exists() and files._small(stored.place).exists()
    assert sweep_files() == 0


def test_a_file_whose_row_was_never_committed_is_gone_at_once_or_swept(settings, tmp_path, monkeypatch):
    settings.SHEBAO_FILES_DIR = tmp_path / "files"
    clerk, one = shenzhen()
    with pytest.raises(RuntimeError), files.written([upload("a.jpg", picture())], clerk.employer, by=clerk, at=None):
        raise RuntimeError("the transaction fails")
    assert not [path for path in settings.SHEBAO_FILES_DIR.rglob("*") if path.is_file()]


def test_housekeeping_is_a_command(monkeypatch, capsys, tmp_path, settings):
    from shebao.cli import checking

    settings.SHEBAO_FILES_DIR = tmp_path
    planted(tmp_path, "ab" * 20, SAFE_AGE * 2)
    monkeypatch.setattr(checking, "start_with_database", lambda: None)
    assert checking.housekeeping(None) == 0
    assert "已清理遗留文件 1 个" in capsys.readouterr().out
    assert checking.housekeeping(None) == 0
    assert "没有遗留文件" in capsys.readouterr().out
