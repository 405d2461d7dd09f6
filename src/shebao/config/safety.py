"""A production installation does not start on a setting that would hurt it, and says which in one plain sentence."""

import importlib.util
import ipaddress
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from shebao.regions_home import own_roots

LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}
COMMON = {"postgres", "password", "123456", "12345678", "shebao", "admin", "admin888", "root", "secret", "changeme"}
YEAR = 31_536_000
NEEDED = (
    "django.middleware.csrf.CsrfViewMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shebao.web.flood.FloodGuard",
    "axes.middleware.AxesMiddleware",
    "shebao.web.middleware.SignInRequired",
    "shebao.web.middleware.PrivatePages",
    "shebao.web.only_allowed.OnlyWhatIsAllowed",
)
VALIDATORS = (
    "shebao.hall.operators.passwords.LongEnough",
    "django.contrib.auth.password_validation.CommonPasswordValidator",
    "shebao.hall.operators.passwords.NothingUsual",
)
LOCKS_OUT = "axes.backends.AxesStandaloneBackend"
LONGEST_SESSION = timedelta(hours=24)
LONGEST_IDLE = {"SHEBAO_IDLE_SECONDS": 120, "SHEBAO_AGENCY_IDLE_SECONDS": 60}
"""In minutes."""
NARROWEST_PREFIX = {4: 8, 6: 32}
"""What is wider than this is no network of proxies: 10.0.0.0/8 is the widest that anybody calls their own."""
FEWEST_LETTERS = 12
"""A secret of fewer different characters was typed, not drawn."""
FEWEST_HEX = 8
SECRET_LENGTH = 32
SHORTEST_PASSWORD, FEWEST_DIFFERENT = 8, 5
"""Of the database's password, in characters."""


def refuse_unsafe(settings: Any) -> None:
    """Raise ImproperlyConfigured with the first sentence of what is wrong. `settings` is Django's, or like them."""
    for sentence in unsafe(settings):
        raise ImproperlyConfigured(sentence)


def unsafe(settings: Any) -> Iterator[str]:
    """Every sentence of what is wrong, in the order in which it is put right best."""
    yield from _secrets(settings)
    yield from _addresses(settings)
    yield from _database(settings)
    yield from _folders(settings)
    yield from _places(settings)
    yield from _sessions(settings)
    yield from _pages(settings)
    yield from _program()


def _secrets(settings: Any) -> Iterator[str]:
    key = settings.SECRET_KEY
    if len(key) < 50 or len(set(key)) < FEWEST_LETTERS:
        yield "SHEBAO_SECRET_KEY 太简单：请用 openssl rand -base64 50 生成，不要手写。"
    if key.startswith(("django-insecure", "test-only")):
        yield "SHEBAO_SECRET_KEY 是示例里的值：请用 openssl rand -base64 50 另外生成。"
    for name in ("SHEBAO_FIELD_KEY", "SHEBAO_AUDIT_KEY"):
        if len(set(getattr(settings, name))) < FEWEST_HEX:
            yield f"{name} 太简单：请用 openssl rand -hex 32 生成。"
    if settings.SHEBAO_FIELD_KEY == settings.SHEBAO_AUDIT_KEY:
        yield "SHEBAO_FIELD_KEY 和 SHEBAO_AUDIT_KEY 不能是同一个值：请分别生成。"
    if settings.SHEBAO_BANK_URL and len(settings.SHEBAO_BANK_SECRET) < SECRET_LENGTH:
        yield f"设置了 SHEBAO_BANK_URL，SHEBAO_BANK_SECRET 也要有（至少 {SECRET_LENGTH} 个字符），与银行约定。"
    if settings.SHEBAO_SMS_URL and not settings.SHEBAO_SMS_KEY:
        yield "设置了 SHEBAO_SMS_URL，SHEBAO_SMS_KEY 也要有，否则短信网关分不清是谁在发。"


def _addresses(settings: Any) -> Iterator[str]:
    for host in settings.ALLOWED_HOSTS:
        if host == "*" or host.startswith("."):
            yield f"SHEBAO_ALLOWED_HOSTS 里的“{host}”太宽，不能是 * 或以点开头：请写明每个域名。"
        elif not host or "/" in host or ":" in host:
            yield f"SHEBAO_ALLOWED_HOSTS 里的“{host}”不是域名：只写域名，不写 https:// 和端口，中间用逗号隔开。"
    for name in ("SHEBAO_BASE_URL", "SHEBAO_SMS_URL", "SHEBAO_BANK_URL"):
        address = urlsplit(getattr(settings, name) or "")
        is_near = name == "SHEBAO_BANK_URL" and address.hostname in LOOPBACK
        if address.geturl() and not is_near and (address.scheme != "https" or not address.hostname):
            yield f"{name} 须以 https:// 开头：个人信息和扣款指令不能明文传输。"
    for proxy in settings.SHEBAO_TRUSTED_PROXIES:
        if proxy == "*":
            yield "SHEBAO_TRUSTED_PROXIES 不能是 *：任何人都能冒充来访地址，请写明代理服务器的地址。"
        elif not _is_address(proxy):
            yield f"SHEBAO_TRUSTED_PROXIES 里的“{proxy}”不是 IP 地址：请写代理服务器的 IP，中间用逗号隔开。"
        elif _is_wide(proxy):
            yield f"SHEBAO_TRUSTED_PROXIES 里的“{proxy}”太宽：任何人都能冒充来访地址，请写明代理服务器的地址。"
    if settings.EMAIL_HOST and settings.EMAIL_HOST not in LOOPBACK and not settings.EMAIL_USE_TLS:
        yield "SHEBAO_SMTP_TLS 不能是 0：邮件服务器不在本机，信件须加密传送。"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_wide(text: str) -> bool:
    network = ipaddress.ip_network(text, strict=False)
    return network.prefixlen < NARROWEST_PREFIX[network.version]


def _database(settings: Any) -> Iterator[str]:
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"]:
        yield "SHEBAO_DATABASE_URL：生产环境须用 PostgreSQL；SQLite 只用于试用和单机小机构，请改用 embedded 设置。"
        return
    host, password = database.get("HOST", ""), database.get("PASSWORD", "")
    # On this machine too: whoever may run a program here may try it.
    if password and _is_guessed(password, {database.get("USER", ""), str(database.get("NAME", ""))}):
        yield "SHEBAO_DATABASE_URL：数据库密码是弱密码（与账号相同、太短或太常见），请换一个随机的。"
    if host in LOOPBACK or host.startswith("/"):
        return
    if not password:
        yield "SHEBAO_DATABASE_URL：数据库不在本机，连接必须有密码。"
    if database.get("OPTIONS", {}).get("sslmode") not in ("require", "verify-ca", "verify-full"):
        yield "SHEBAO_DATABASE_URL：数据库不在本机，请在地址后加 ?sslmode=verify-full，数据不能明文传输。"


def _is_guessed(password: str, names: set[str]) -> bool:
    """Whether a password is short, of few characters, or a name or common word, as it is, turned or with digits."""
    word = password.casefold()
    usual = COMMON | {name.casefold() for name in names if name}
    tried = {word, word[::-1], word.strip("0123456789!@#.-_")}
    is_thin = len(password) < SHORTEST_PASSWORD or len(set(password)) < FEWEST_DIFFERENT
    return is_thin or bool(tried & usual)


def _folders(settings: Any) -> Iterator[str]:
    package = Path(__file__).resolve().parents[1]
    files, static = Path(settings.SHEBAO_FILES_DIR).resolve(), Path(settings.STATIC_ROOT).resolve()
    if not Path(settings.SHEBAO_FILES_DIR).is_absolute():
        yield "SHEBAO_FILES_DIR 须是绝对路径，例如 /var/lib/shebao/files。"
    if files.is_relative_to(static) or static.is_relative_to(files):
        yield "SHEBAO_FILES_DIR 和 SHEBAO_STATIC_ROOT 不能放在一起：静态文件人人可取，材料不可以。"
    if files.is_relative_to(package):
        yield "SHEBAO_FILES_DIR 不能放在程序文件夹里：升级会覆盖它。"
    if _open_to_all(files, stat.S_IRWXO):
        yield f"SHEBAO_FILES_DIR 的文件夹 {files} 本机其他账号也能进：请 chmod 700。"
    keys = settings.SHEBAO_SIGNING_DIR
    if keys and _open_to_all(Path(keys), stat.S_IRWXO):
        yield f"SHEBAO_SIGNING_DIR 的文件夹 {keys} 本机其他账号也能进：里面是签名的私钥，请 chmod 700。"
    anchors = settings.SHEBAO_AUDIT_ANCHORS
    if not anchors:
        yield "请设置 SHEBAO_AUDIT_ANCHORS：操作记录的链尾要存到数据库以外的文件，最好在另一台机器的磁盘上。"
        return
    if Path(anchors).resolve().is_relative_to(static):
        yield "SHEBAO_AUDIT_ANCHORS 不能放在静态文件夹里：人人可取。"
    if _open_to_all(Path(anchors), stat.S_IWOTH):
        yield f"SHEBAO_AUDIT_ANCHORS 的文件 {anchors} 本机其他账号也能改：请 chmod 600。"
    if _open_to_all(package, stat.S_IWOTH):
        yield f"程序文件夹 {package} 本机其他账号也能改：请 chmod o-w。"


def _places(settings: Any) -> Iterator[str]:
    """Folders that are meant wherever the program is started from, and in which nobody else puts anything."""
    authorities = settings.SHEBAO_CA_DIR
    places = (
        ("SHEBAO_STATIC_ROOT", settings.STATIC_ROOT),
        ("SHEBAO_SIGNING_DIR", settings.SHEBAO_SIGNING_DIR),
        ("SHEBAO_AUDIT_ANCHORS", settings.SHEBAO_AUDIT_ANCHORS),
        ("SHEBAO_CA_DIR", authorities),
        *(("REGIONS_DIR", root) for root in own_roots()),
    )
    for name, place in places:
        if place and not Path(place).is_absolute():
            yield f"{name} 须是绝对路径，现在是“{place}”：换个文件夹启动就找不到了。"
    if authorities and _open_to_all(Path(authorities), stat.S_IWOTH):
        yield f"SHEBAO_CA_DIR 的文件夹 {authorities} 本机其他账号也能改：放进一张证书就能冒充别人，请 chmod o-w。"
    for root in own_roots():
        for folder in (root, *(one for one in root.glob("*") if one.is_dir())):
            if _open_to_all(folder, stat.S_IWOTH):
                yield f"REGIONS_DIR 的文件夹 {folder} 本机其他账号也能改：费率和审核环节都在里面，请 chmod o-w。"
    if settings.SHEBAO_TEST_CA_DIR:
        yield "SHEBAO_TEST_CA_DIR 不能设置：试用的证书颁发机构谁都能用，只用于试用。"


def _sessions(settings: Any) -> Iterator[str]:
    """How long somebody stays signed in, and who is let in."""
    if not timedelta() < settings.SHEBAO_ABSOLUTE_LIMIT <= LONGEST_SESSION:
        yield "SHEBAO_SESSION_HOURS 应为 1 到 24：一次登录太久，别人能接着用。"
    for name, most in LONGEST_IDLE.items():
        if not 0 < getattr(settings, name) <= 60 * most:
            yield f"{name.replace('SECONDS', 'MINUTES')} 应为 1 到 {most}：离开太久不退出，别人能接着用。"
    if LOCKS_OUT not in settings.AUTHENTICATION_BACKENDS:
        yield f"AUTHENTICATION_BACKENDS 不能去掉 {LOCKS_OUT}：没有它，密码可以一直试。"
    known = {one["NAME"] for one in settings.AUTH_PASSWORD_VALIDATORS}
    for name in VALIDATORS:
        if name not in known:
            yield f"AUTH_PASSWORD_VALIDATORS 不能去掉 {name}：太短、太常见的密码也能用。"


def _open_to_all(path: Path, bits: int) -> bool:
    return path.exists() and bool(path.stat().st_mode & bits)


def _pages(settings: Any) -> Iterator[str]:
    if settings.DEBUG:
        yield "DEBUG 不能打开：出错时会把程序和数据显示给访问者。"
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY"):
        if not getattr(settings, name):
            yield f"{name} 不能关闭：网厅只能用 https 访问。"
    if settings.SECURE_HSTS_SECONDS < YEAR:
        yield "SECURE_HSTS_SECONDS 不能少于一年（31536000）。"
    if not settings.PASSWORD_HASHERS or "Argon2" not in settings.PASSWORD_HASHERS[0]:
        yield "PASSWORD_HASHERS 的第一个须是 Argon2：密码不能用快的算法保存。"
    if not settings.SHEBAO_ADMIN_FACTOR:
        yield "SHEBAO_ADMIN_FACTOR 不能关闭：单位和经办机构的管理员只凭密码登录不够安全，请去掉这个环境变量。"
    policy = str(settings.CONTENT_SECURITY_POLICY)
    if "unsafe-" in policy or "'*'" in policy:
        yield "CONTENT_SECURITY_POLICY 不能含 unsafe-inline、unsafe-eval 或 *。"
    missing = [name for name in NEEDED if name not in settings.MIDDLEWARE]
    if missing:
        yield f"MIDDLEWARE 里不能去掉 {missing[0]}：没有它，页面不设防。"
    if "django.contrib.admin" in settings.INSTALLED_APPS:
        yield "INSTALLED_APPS 不能加入 django.contrib.admin：它绕过权限和操作记录。"
    if settings.SHEBAO_EMBEDDED_BANK:
        yield "SHEBAO_EMBEDDED_BANK 不能打开：自带的银行只用于试用，不是真的银行。"
    if settings.SHEBAO_LOCAL_OUTBOX:
        yield "SHEBAO_LOCAL_OUTBOX 不能打开：在页面上看邮件、短信和链接的内容只用于试用。"
    if settings.SHEBAO_TRIAL_CODES:
        yield "SHEBAO_TRIAL_CODES 不能打开：没有发出的验证码只用于试用。"


def _program() -> Iterator[str]:
    if importlib.util.find_spec("defusedxml") is None:
        yield "没有安装 defusedxml：恶意表格能拖垮服务器，请按 requirements.lock 重新安装。"
