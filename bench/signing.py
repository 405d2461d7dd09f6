"""Signatures on papers: how many a second, beside rendering the same paper. Run: make bench."""

import os
import tempfile
import time
from pathlib import Path

os.environ["SHEBAO_TEST_DIR"] = tempfile.mkdtemp(prefix="shebao-bench-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shebao.config.settings.test")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

from shebao.hall.documents import keys, signing  # noqa: E402
from shebao.hall.documents.rendering import render  # noqa: E402

COUNT = 200
COLUMNS = [{"title": title, "align": "right"} for title in ("险种", "人数", "单位应缴", "个人应缴", "合计")]
PAPER = {
    "title": "社会保险费缴费通知单", "letterhead": "某经办机构", "subtitle": "2026年11月", "number": "D1", "code": "C1",
    "made_on": "2026-11-10", "header": [["单位名称", "某公司"]], "columns": COLUMNS,
    "rows": [["职工基本养老保险", "12", "1,234.50", "617.25", "1,851.75"]] * 5, "total": [], "amount_words": "",
    "people": None, "notes": ["请按期缴费。"], "signatures": ["制表人"], "seals": ["某经办机构（章）"],
    "illustrative": [],
}  # fmt: skip


def main() -> None:
    """One paper rendered often, then signed often."""
    folder = Path(os.environ["SHEBAO_TEST_DIR"])
    settings.SHEBAO_SIGNING_DIR, settings.SHEBAO_SIGNING_PASSWORD = str(folder), "bench"
    keys.make_test_key(folder, "agency", "某经办机构", "bench")
    key = keys.key_of("")
    plain = render("payment_notice", PAPER, verify_url="https://example.cn/verify?code=C1")
    signed = signing.sign(plain, key, reason="缴费通知单")
    begun = time.perf_counter()
    for _ in range(COUNT):
        render("payment_notice", PAPER, verify_url="https://example.cn/verify?code=C1")
    rendering = (time.perf_counter() - begun) / COUNT
    begun = time.perf_counter()
    for _ in range(COUNT):
        signing.sign(plain, key, reason="缴费通知单")
    signing_time = (time.perf_counter() - begun) / COUNT
    print(f"paper {len(plain):,} bytes, signed {len(signed):,} bytes")
    print(f"rendering {rendering * 1000:.1f} ms, signing {signing_time * 1000:.1f} ms: {1 / signing_time:.0f} a second")
    print(f"signing costs {signing_time / rendering:.2f} of rendering the same paper")


main()
