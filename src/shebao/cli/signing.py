"""`shebao test-signing-key`: a key to try signatures on papers with; a real one comes from an authority."""

from pathlib import Path

from . import CannotRun
from .starting import in_words, start_django


def add_parsers(subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("test-signing-key", help="生成单据签名用的测试密钥")
    parser.add_argument("--region", required=True, help="由哪个地区的经办机构签名（地区代码）")
    parser.set_defaults(run=make_key)


def make_key(options) -> int:
    """Make the key in SHEBAO_SIGNING_DIR. Ends with 2 where there is one, or no folder is configured."""
    start_django()
    from django.conf import settings

    from shebao.hall.documents.keys import make_test_key
    from shebao.hall.regions import all_regions

    with in_words():
        region = all_regions().get(options.region)
        if region is None:
            raise CannotRun(f"没有地区“{options.region}”，可用：{'、'.join(all_regions())}。")
        if not (settings.SHEBAO_SIGNING_DIR and settings.SHEBAO_SIGNING_PASSWORD):
            raise CannotRun(
                "请先设置 SHEBAO_SIGNING_DIR（放签名密钥的文件夹）和 SHEBAO_SIGNING_PASSWORD（密钥的口令）。"
            )
        folder = Path(settings.SHEBAO_SIGNING_DIR)
        made = make_test_key(folder, region.code, region.collector, settings.SHEBAO_SIGNING_PASSWORD)
    if not made:
        raise CannotRun(f"{folder / region.code}.p12 已经有了：要换新的，请先把它移走。")
    print(f"已生成测试签名密钥 {folder / region.code}.p12。测试证书只用于演示，正式使用请换成经办机构的证书。")
    return 0


def make_demo_keys() -> None:
    """A test key for the agency of every region that has employers, where the installation keeps keys of its own."""
    from django.conf import settings

    from shebao.hall.documents.keys import make_test_key
    from shebao.hall.employers.models import Employer
    from shebao.hall.regions import region

    for code in Employer.objects.order_by("region").values_list("region", flat=True).distinct():
        folder, password = Path(settings.SHEBAO_SIGNING_DIR), settings.SHEBAO_SIGNING_PASSWORD
        make_test_key(folder, code, region(code).collector, password)
