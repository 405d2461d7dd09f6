"""The words of sign_in.yaml: how a region's people sign in (登录)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SIGN_IN_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "employer_number": "登录时先选单位编号，再输密码；digits 是位数",
        "second_factor": "二次验证：required_for 的角色必须设置",
        "security_question": "密码遗忘设定：可选的问题（questions）。答对只是发送链接前的一步",
        "certificate": "数字证书登录；signs 说明提交时是否签名",
    }
)
SIGNS: Mapping[str, str] = MappingProxyType(
    {"never": "提交时不签名", "offered": "提交时可以签名", "required": "提交时必须签名"}
)
