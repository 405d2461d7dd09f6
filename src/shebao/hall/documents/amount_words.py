"""Amounts in financial capitals (人民币大写)."""

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
LIMIT_FEN = 10**16 * 100


def amount_in_words(fen: int) -> str:
    """Return whole fen in capitals: 168032 → 壹仟陆佰捌拾元叁角贰分, 0 → 零元整, a negative begins with 负.

    Raises TypeError for anything but an int, ValueError from ten quadrillion yuan.
    Source: 支付结算办法 附件一「正确填写票据和结算凭证的基本规定」.
    """
    if type(fen) is not int:
        raise TypeError(f"金额须为整数分，收到 {fen!r}")
    if abs(fen) >= LIMIT_FEN:
        raise ValueError(f"金额过大，不能写成大写：{fen} 分")
    if fen < 0:
        return "负" + amount_in_words(-fen)
    yuan, cents = divmod(fen, 100)
    jiao, fen_digit = divmod(cents, 10)
    words = _whole(yuan) + "元" if yuan else ""
    if jiao:
        words += DIGITS[jiao] + "角"
    elif fen_digit and words:
        words += "零"
    if fen_digit:
        return words + DIGITS[fen_digit] + "分"
    return (words or "零元") + "整"


def _whole(number: int) -> str:
    """Words of a positive whole number; zeros between digits are read once, however many."""
    for worth, unit in ((10**8, "亿"), (10**4, "万")):
        if number >= worth:
            high, low = divmod(number, worth)
            gap = DIGITS[0] if low and low < worth // 10 else ""
            return _whole(high) + unit + gap + (_whole(low) if low else "")
    return _section(number)


def _section(section: int) -> str:
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = section // 10**place % 10
        if digit == 0:
            gap = bool(words)
            continue
        words += (DIGITS[0] if gap else "") + DIGITS[digit] + PLACES[place]
        gap = False
    return words
