"""计算依据 as a table: rates, limits, rounding and documents of each scheme, from the evidence alone."""

from shebao.rules.value_table import newest_since, values_of


def value(number, source="某文〔2026〕1号", since="2026-07", status="verified", **more):
    return {
        "title": "值",
        "value": number,
        "from": since,
        "known": "2026-06-20",
        "source": source,
        "status": status,
    } | more


def evidence(share, **more):
    nothing = dict.fromkeys(("base_rounding", "floor", "ceiling", "rate", "tier", "plus", "key", "multiplier", "fixed"))
    return (
        nothing
        | {"scheme_title": "养老保险", "share": share, "has_base": True, "rounding": "jiao_up", "key_title": ""}
        | more
    )


FLOOR, CEILING = value(447_300), value(2_236_500)


def test_a_scheme_is_one_row_with_its_rounding_in_words_and_each_document_once():
    limits = {"floor": FLOOR, "ceiling": CEILING}
    told = [
        evidence("employee", rate=value("0.08", "另文〔2006〕2号", "2006-01"), **limits),
        evidence("employer", rate=value("0.16"), base_rounding="yuan_half_up", **limits),
    ]
    row = values_of(told)
    assert (row.title, row.employer, row.employee) == ("养老保险", ("16%",), ("8%",))
    assert (row.floor, row.ceiling) == (("4,473.00",), ("22,365.00",))
    assert row.roundings == ("基数四舍五入到元", "见分进角")
    assert [(paper.values, paper.source) for paper in row.papers] == [
        (("单位费率", "下限", "上限"), "某文〔2026〕1号（2026-07 起，2026-06-20 公布）"),
        (("个人费率",), "另文〔2006〕2号（2006-01 起，2026-06-20 公布）"),
    ]
    assert newest_since(told) == "2026-07"


def test_what_differs_from_person_to_person_is_told_each_and_a_fixed_amount_is_not_rounded():
    several = [
        evidence("employer", rate=value("0.002"), key="1", key_title="一类", multiplier=value("1.2")),
        evidence("employer", rate=value("0.007"), key="3", key_title="三类", plus=value(300)),
    ]
    assert values_of(several).employer == ("0.2%（一类） × 1.2", "0.7%（三类），另加 3.00 元")
    assert values_of(several).floor == ("不设",)
    by_kind = [evidence("employee", rate=value("0.005"), key=key, key_title=title) for key, title in ("1甲", "2乙")]
    assert values_of(by_kind).employee == ("0.5%（甲、乙）",)
    fixed = values_of([evidence("employee", fixed=value(2_000), has_base=False)])
    assert (fixed.employee, fixed.employer, fixed.floor, fixed.roundings) == (("每人每月 20.00 元",), (), ("—",), ())
