"""`shebao open-agency`, `emergency-access`: accounts that whoever runs the installation makes or lends."""

from . import CannotRun
from .starting import in_words, start_with_database


def add_parsers(subparsers) -> None:
    """Add the commands."""
    parser = subparsers.add_parser("open-agency", help="create the security administrator of a region's agency")
    parser.add_argument("--region", required=True, help="code of the region, as `shebao region list` shows it")
    parser.add_argument("--username", required=True, help="the account to sign in with")
    parser.add_argument("--name", required=True, help="the administrator's name")
    parser.set_defaults(run=open_agency)
    emergency = subparsers.add_parser("emergency-access", help="lend the management of accounts for at most an hour")
    emergency.add_argument("--username", required=True, help="an account of the agency's desk")
    emergency.add_argument("--reason", required=True, help="why, for the record")
    emergency.add_argument("--minutes", type=int, default=30, help="1 to 60")
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
