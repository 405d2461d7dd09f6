"""Pinyin keys of names: what a clerk types to find and sort people."""

from functools import lru_cache

# Surnames that are read differently from the same character elsewhere.
SURNAMES = {"单": "shan", "仇": "qiu", "盖": "ge", "解": "xie", "曾": "zeng", "查": "zha", "区": "ou", "任": "ren"}
SURNAMES |= {"华": "hua", "朴": "piao", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun"}


@lru_cache(maxsize=50_000)
def pinyin_key(name: str) -> str:
    """ "单小明" → "shan0单 shanxiaoming sxm": surname to sort by, full spelling, initials; at most 160 characters.

    The digit sorts before every letter under any collation, so that 陈 (chen) is not split by 程 (cheng), and the
    character after it keeps surnames apart that sound alike.
    """
    from pypinyin import lazy_pinyin  # half a second to load its words, which most commands never ask for

    surname = next((name[:n] for n in (2, 1) if name[:n] in SURNAMES), "")
    syllables = [SURNAMES[surname]] if surname else []
    syllables += lazy_pinyin(name[len(surname) :])
    letters = [syllable.lower().replace(" ", "") for syllable in syllables if syllable.strip()]
    first = f"{letters[0][:40]}0{surname or name[:1]}" if letters else ""
    return f"{first} {''.join(letters)} {''.join(s[0] for s in letters)}"[:160]
