"""Pinyin keys of names: what a clerk types to find and sort people."""

from functools import lru_cache

from pypinyin import lazy_pinyin

# Surnames that are read differently from the same character elsewhere.
SURNAMES = {"单": "shan", "仇": "qiu", "盖": "ge", "解": "xie", "曾": "zeng", "查": "zha", "区": "ou", "任": "ren"}
SURNAMES |= {"华": "hua", "朴": "piao", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun"}


@lru_cache(maxsize=50_000)
def pinyin_key(name: str) -> str:
    """ "单小明" → "shanxiaoming sxm": full spelling, then initials; at most 160 characters."""
    surname = next((name[:n] for n in (2, 1) if name[:n] in SURNAMES), "")
    syllables = [SURNAMES[surname]] if surname else []
    syllables += lazy_pinyin(name[len(surname) :])
    letters = [syllable.lower().replace(" ", "") for syllable in syllables if syllable.strip()]
    return f"{''.join(letters)} {''.join(s[0] for s in letters)}"[:160]
