"""What is said with a reason that was chosen of a list."""

from shebao.rules.code_lists import CodeList

from .errors import Refused


def words_of(reasons: CodeList, code: str, text: str, *, field: str) -> str:
    """The reason's title and one's own words. Raises Refused for a reason that is not, or no longer, offered."""
    chosen = reasons.get(code)
    if chosen not in reasons.offered:
        told = f"“{chosen.title}”已停用，" if chosen else ""
        raise Refused("reason_missing", f"{told}请选择{reasons.title}。", field=field)
    return "：".join(part for part in (chosen.title, text.strip()) if part)
