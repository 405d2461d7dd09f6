"""`shebao issue-test-certificate`, `shebao sign`, `shebao verify-submission`: certificates tried, used and verified."""

import getpass
import os
from pathlib import Path

from . import CannotRun
from .starting import start_with_database

PORT = 8317
FROM_ENVIRONMENT = "证书文件的密码在终端输入；没有终端的（脚本、服务），写在环境变量 SHEBAO_P12_PASSWORD 里。"


def add_parsers(subparsers) -> None:
    """Add the commands."""
    issue = subparsers.add_parser("issue-test-certificate", help="由数据文件夹里的试用机构签发一张试用证书")
    issue.epilog = FROM_ENVIRONMENT
    issue.add_argument("--account", required=True, help="发给哪个账号")
    issue.add_argument("--out", required=True, type=Path, help="写到哪里：<out>.p12 含私钥，<out>.pem 不含")
    issue.add_argument("--revoke", action="store_true", help="改为吊销证书 <out>.pem")
    issue.set_defaults(run=issue_test_certificate)
    sign = subparsers.add_parser("sign", help="用 PKCS#12 证书给本机浏览器签名，或给一个文件签名")
    sign.epilog = FROM_ENVIRONMENT
    sign.add_argument("--p12", required=True, type=Path, help="证书和私钥；私钥不离开本机")
    sign.add_argument("--origin", help="网厅的地址，如 https://hall.example.cn：只有它的网页可以请求签名")
    sign.add_argument("--file", type=Path, help="改为给这个文件签名，写出 <file>.p7s")
    sign.add_argument("--port", type=int, default=PORT, help=f"浏览器请求的端口（默认 {PORT}）")
    sign.add_argument("--yes", action="store_true", help="不在终端询问就签名；每次签名写一行")
    sign.set_defaults(run=sign_here)
    verify = subparsers.add_parser("verify-submission", help="核验一个办件的签名，多年以后也能核验")
    verify.add_argument("case", metavar="办件", help="办件编号")
    verify.set_defaults(run=verify_submission)


def _password() -> str:
    """Of the PKCS#12 file: from the environment, for scripts, or typed."""
    given = os.environ.get("SHEBAO_P12_PASSWORD")
    if given:
        return given
    try:
        return getpass.getpass("证书文件的密码：")
    except EOFError:
        raise CannotRun("没有读到证书文件的密码：请在终端里运行，或写在环境变量 SHEBAO_P12_PASSWORD 里。") from None


def issue_test_certificate(options) -> int:
    """Write a certificate and its key. Refused where no test authority is allowed: in production."""
    start_with_database()
    from django.conf import settings

    from shebao.hall import clock
    from shebao.hall.operators.models import Operator
    from shebao.hall.sign_in.trial_authority import TrialAuthority

    if not settings.SHEBAO_TEST_CA_DIR:
        raise CannotRun("正式环境不能签发测试证书，请向证书颁发机构申请。")
    operator = Operator.objects.select_related("employer").filter(username=options.account).first()
    if operator is None:
        raise CannotRun(f"没有账号“{options.account}”。")
    authority = TrialAuthority(Path(settings.SHEBAO_TEST_CA_DIR), clock.now())
    sealed, bare = options.out.with_suffix(".p12"), options.out.with_suffix(".pem")
    if options.revoke:
        if not bare.exists():
            raise CannotRun(f"没有文件 {bare}。")
        authority.revoke(bare.read_bytes())
        print(f"已吊销 {bare}。")
        return 0
    employer = operator.employer
    names = (employer.name, employer.credit_code) if employer else ("", "")
    certificate, key = authority.issue(operator.name, *names, _password())
    sealed.touch(mode=0o600)
    sealed.write_bytes(key)
    bare.write_bytes(certificate)
    print(f"测试证书 {bare}（绑定时上传），带私钥的 {sealed}（签名时使用，不要交给别人）。")
    return 0


def sign_here(options) -> int:
    """Sign a file, or wait on this machine for pages of the hall that ask for a signature. Neither needs a database."""
    from .signer import BadFile, Signer, serve

    if bool(options.file) == bool(options.origin):
        raise CannotRun("请写 --origin（等待网页签名）或 --file（签一个文件），二者选一。")
    try:
        signer = Signer(options.p12, _password())
    except BadFile as why:
        raise CannotRun(str(why)) from None
    if options.file:
        target = options.file.with_name(f"{options.file.name}.p7s")
        try:
            target.write_bytes(signer.sign(options.file.read_bytes()))
        except OSError as why:
            raise CannotRun(f"文件 {options.file} 读不出来或写不下：{why.strerror}。") from None
        print(f"签名写在 {target}。")
        return 0
    serve(signer, options.origin.rstrip("/"), options.port, asks=not options.yes)
    return 0


def verify_submission(options) -> int:
    """Print what was signed of a case and whether it still holds. Ends with 1 when anything does not fit."""
    start_with_database()
    from django.utils.timezone import localtime

    from shebao.hall.declarations.models import Declaration
    from shebao.hall.sign_in.submissions import signatures_of

    declaration = Declaration.objects.filter(case_number=options.case).first()
    if declaration is None:
        raise CannotRun(f"没有办件“{options.case}”。")
    found = signatures_of(declaration, whole=True)
    if not found:
        print(f"办件 {options.case} 没有签名。")
        return 1
    broken = 0
    for made in found:
        findings = made.findings
        broken += len(findings)
        at = localtime(made.signed_at)
        print(f"{at:%Y-%m-%d %H:%M:%S}（UTC{at:%z}）{made.operator.name}", end=" ")
        print(f"用证书 {made.certificate.serial} 签名：", end="")
        print("有效，内容与签名时一致。" if not findings else "不符：")
        for finding in findings:
            print(f"  {finding.text}")
    return 1 if broken else 0
