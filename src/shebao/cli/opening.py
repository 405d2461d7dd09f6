"""`shebao open-agency`: the first administrator of a region's agency, made by whoever runs the installation."""

from . import CannotRun
from .starting import in_words, start_with_database


def add_parsers(subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("open-agency", help="create the first administrator of a region's agency")
    parser.add_argument("--region", required=True, help="code of the region, as `shebao region list` shows it")
    parser.add_argument("--username", required=True, help="the account to sign in with")
    parser.add_argument("--name", required=True, help="the administrator's name")
    parser.set_defaults(run=open_agency)


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
    print(f"{region.title}经办机构管理员 {operator.name} 的账号是 {operator.username}，")
    print(f"密码是 {password}，只显示这一次，首次登录后须修改。")
    return 0
