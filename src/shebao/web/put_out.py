"""Why somebody is at the sign-in page who did not leave: a word in its address, so that it stays while they read it."""

from shebao.hall.sign_in.models import Why

IDLE, LIMIT, OWNER_GONE = "idle", "limit", "owner_gone"
SAID = {
    IDLE: "您离开的时间较长，为保护单位信息已自动退出。请重新登录，登录后回到原来的页面。",
    LIMIT: "本次登录时间已到上限，请重新登录，登录后回到原来的页面。",
    OWNER_GONE: "登录时所用的账号有变化，请重新登录。",
    **dict(Why.choices),
}
OVER = "over"
"""How the address and the form of the sign-in page call it."""


def said(code: str) -> str:
    """The sentence for a word of the address; "" for any that is none of ours."""
    return str(SAID.get(code, ""))
