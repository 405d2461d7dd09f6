"""`shebao open-agency`, `emergency-access`: accounts that whoever runs the installation makes or lends."""

from . import CannotRun
from .starting import in_words, start_with_database


def add_parsers(subparsers) -> None:
    """Add the commands."""
    parser = subparsers.add_parser("open-agency", help="建立一个地区经办机构的安全管理员")
    parser.add_argument("--region", required=True, help="地区代码，见 region list")
    parser.add_argument("--username", required=True, help="登录账号")
    parser.add_argument("--name", required=True, help="管理员姓名")
    parser.set_defaults(run=open_agency)
    emergency = subparsers.add_parser("emergency-access", help="应急：把操作员管理临时交给一个账号，最多一小时")
    emergency.add_argument("--username", required=True, help="经办机构的一个账号")
    emergency.add_argument("--reason", required=True, help="原因，记入操作记录")
    emergency.add_argument("--minutes", type=int, default=30, help="1 至 60 分钟")
    emergency.set_defaults(run=open_emergency)


def open_emergency(options) -> int:
    """Lend the management of accounts to a desk account for at most an hour; ends with 2 where that is not possible."""
    start_with_database()
    from django.utils.timezone import localtime

    from shebao.hall.errors import Refused
    from shebao.hall.operators import operations

    try:
        with in_words():
            grant = operations.open_emergency(options.username, options.reason, options.minutes)
    except Refused as no:
        raise CannotRun(no.message) from None
    until = f"{localtime(grant.until):%Y-%m-%d %H:%M}"
    print(f"已授权账号 {grant.operator.username} 管理操作员，到 {until} 自动收回，已记入操作记录。")
    return 0


def open_agency(options) -> int:
    """Print the random password once. Ends with 2 when the agency is open already or the region is unknown."""
    start_with_database()
    from shebao.hall.errors import Refused
    from shebao.hall.operators import operations
    from shebao.hall.regions import all_regions

    with in_words():
        region = all_regions().get(options.region)
    if region is None:
        raise CannotRun(f"没有地区“{options.region}”，可用：{'、'.join(all_regions())}。")
    try:
        operator, password = operations.open_agency(region.code, options.username, options.name)
    except Refused as no:
        raise CannotRun(no.message) from None
    print(f"{region.title}经办机构安全管理员 {operator.name} 的账号是 {operator.username}，")
    print(f"密码是 {password}，只显示这一次，首次登录后须修改。")
    return 0
