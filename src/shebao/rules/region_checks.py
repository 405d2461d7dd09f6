"""Whether the parts of a region fit together and nothing is missing: completeness, before anybody relies on
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches

from shebao.rules import vocabulary as v
from shebao.rules.back_paying_words import BACK_OPERATIONS, MOST_BACK
from shebao.rules.conditions import Condition, Test
from shebao.rules.facts import EMPLOYER_FACTS, FACTS, FORM
from shebao.rules.months import Month, months_between
from shebao.rules.region_files import Folder, Mapped, Problems
from shebao.rules.region_model import Amount, Parameter, Region, Scheme, parameters_of

#: Terms that pages ask for in every region.
TERMS_NEEDED = (
    *(
        "employer",
        "employer_number",
        "credit_code",
        "agency",
        "month",
        "person_number",
        "enrolment",
        "cessation",
        "declared_wage",
        "bill",
    ),
    *("menu.enrol", "menu.cease", "menu.wages", "menu.import", "menu.basket", "menu.cases", "menu.settle"),
    *("menu.bills", "menu.pay", "menu.documents", "menu.roster"),
)


def check(region: Region, folder: Folder, problems: Problems) -> None:
    """Note every mistake that only shows when the parts are put together."""
    for term in TERMS_NEEDED:
        if term not in region.terms:
            problems.add(f"{region.code}/terms.yaml:1", term, "缺少用语")
    _check_terms(region, folder, problems)
    for scheme in region.schemes.values():
        _check_scheme(scheme, region, folder, problems)
    _check_codes(region, folder, problems)
    _check_forms(region, folder, problems)
    _check_services(region, folder, problems)
    _check_pages(region, folder, problems)
    _check_queries(region, folder, problems)
    for statement in region.statements.values():
        strange = [key for key in statement.schemes if key not in region.schemes]
        if strange:
            where = folder.where("statements", statement.key)
            problems.add(where, statement.key, f"没有险种“{'、'.join(strange)}”")
    for parameter in region.parameters.values():
        _check_values(parameter, folder, problems)
    _check_months(region, folder, problems)
    _check_cases(region, folder, problems)


def _check_terms(region: Region, folder: Folder, problems: Problems) -> None:
    """A term that nobody asks for is a misspelt one: the oldest folder has them all, forms and menus add theirs."""
    contents = [*folder.parts["blocks"].values(), *folder.parts["forms"].values()]
    rows = [row for one in contents if isinstance(one, Mapped) for row in one.get("fields") or ()]
    asked = {str(row["term"]) for row in rows if isinstance(row, Mapped) and "term" in row}
    asked |= {f"menu.{key}" for key in folder.parts["services"]} | folder.terms_of_oldest
    for term in region.terms:
        if term not in asked:
            close = get_close_matches(term, sorted(asked), n=1)
            hint = f"，是不是“{close[0]}”" if close else "，可用的见 regions/national/terms.yaml"
            problems.add(folder.where("terms", term), term, f"没有地方用到这个用语{hint}")


def _check_scheme(scheme: Scheme, region: Region, folder: Folder, problems: Problems) -> None:
    where = folder.where("schemes", scheme.key)
    for name in parameters_of(scheme):
        if name not in region.parameters:
            problems.add(where, scheme.key, f"没有参数“{name}”")
    for name, units in _units_wanted(scheme):
        if name in region.parameters and region.parameters[name].unit not in units:
            problems.add(where, scheme.key, f"参数“{name}”的单位应为 {'、'.join(units)}")
    for fact in sorted(scheme.facts | {scheme.base}):
        if fact not in FACTS:
            problems.add(where, scheme.key, f"不认识的信息“{fact}”，可用：{'、'.join(FACTS)}")
    if scheme.base in FACTS and FACTS[scheme.base].kind != "money":
        problems.add(where, scheme.key, f"基数“{scheme.base}”不是金额")
    if scheme.per == "year":
        _check_yearly(scheme, region, folder, problems)
    if not scheme.shares:
        problems.add(where, scheme.key, "至少要有单位或个人一部分")
    for test in _tests(scheme.applies):
        _check_operand(test, scheme.key, where, region, problems)
    tables: list[tuple[str | None, str | None]] = [(name, scheme.limits_by) for name in scheme.limits]
    for share in scheme.shares.values():
        tables += [(share.plus, None), (share.times, share.times_by)]
        if share.kind == "tiers":
            _check_tiers(share.parameter, scheme, region, folder, problems)
        else:
            tables.append((share.parameter, share.by))
    for table, fact_key in tables:
        _check_table(table, fact_key, scheme, region, folder, problems)


def _check_yearly(scheme: Scheme, region: Region, folder: Folder, problems: Problems) -> None:
    """What is charged by the year is a fixed amount, one scheme of a region, with a service to join it."""
    where = folder.where("schemes", scheme.key)
    if any(share.kind != "fixed" for share in scheme.shares.values()):
        problems.add(where, scheme.key, "按年缴费的险种只能写 fixed")
    if scheme.open and region.yearly_scheme is not scheme:
        problems.add(where, scheme.key, "一个地区只能有一个按年缴费的险种")
    if scheme.open and not any(one.operation == "cover_year" for one in region.services.values()):
        problems.add(where, scheme.key, "没有申报它的事项（operation: cover_year）")


def _units_wanted(scheme: Scheme) -> Iterable[tuple[str, tuple[str, ...]]]:
    for name in (*scheme.limits, scheme.least_balance):
        if name:
            yield name, ("yuan",)
    for share in scheme.shares.values():
        yield share.parameter, ("rate",) if share.kind == "rate" else ("yuan",)
        if share.times:
            yield share.times, ("factor",)
        if share.plus:
            yield share.plus, ("yuan",)


def _tests(condition: Condition | None) -> Iterable[Test]:
    for part in condition.parts if condition else ():
        if isinstance(part, Test):
            yield part
        else:
            yield from _tests(part)


def _check_operand(test: Test, key: str, where: str, region: Region, problems: Problems) -> None:
    fact = FACTS.get(test.fact)
    if fact is None:
        return
    if fact.codes is None:
        if test.word not in ("at_least", "below"):
            problems.add(where, key, f"“{test.fact}”是数字，请用 at_least 或 below")
        return
    if test.word not in ("is", "in"):
        problems.add(where, key, f"“{test.fact}”是代码，请用 is 或 in")
        return
    codes = region.codes.get(fact.codes)
    for code in test.operand if test.word == "in" else (test.operand,):
        if codes is not None and codes.get(code) is None:
            problems.add(where, key, f"代码表 {fact.codes} 没有“{code}”")


def _check_table(
    name: str | None, fact_key: str | None, scheme: Scheme, region: Region, folder: Folder, problems: Problems
) -> None:
    """A table must have a row for every code of the fact that chooses in it; anything else is one number."""
    parameter = region.parameters.get(name or "")
    for value in parameter.values if parameter else ():
        where = folder.where("parameters", value.parameter)
        if isinstance(value.value, Mapping) != (fact_key is not None):
            word = "应是按代码取值的表" if fact_key else "应是一个数，不是表"
            problems.add(where, value.parameter, f"{value.since}：{word}（险种 {scheme.key}）")
            continue
        fact = FACTS.get(fact_key or "")
        codes = region.codes.get(fact.codes or "") if fact else None
        if isinstance(value.value, Mapping) and codes is not None:
            lost = [item.code for item in codes.items if item.code not in value.value]
            if lost:
                problems.add(where, value.parameter, f"{value.since}：缺少 {'、'.join(lost)}")


def _check_tiers(name: str, scheme: Scheme, region: Region, folder: Folder, problems: Problems) -> None:
    """Tiers are a table from the first base of each, in whole yuan, to its amount."""
    parameter = region.parameters.get(name)
    for value in parameter.values if parameter else ():
        where = folder.where("parameters", value.parameter)
        rows = value.value if isinstance(value.value, Mapping) else {}
        if not rows or not all(key.isascii() and key.isdigit() for key in rows):
            problems.add(where, name, f"{value.since}：应是各档起点（整元）到金额的表（险种 {scheme.key}）")


def _check_codes(region: Region, folder: Folder, problems: Problems) -> None:
    for codes in region.codes.values():
        if codes.items and not codes.offered:
            problems.add(folder.where("codes", codes.key), codes.key, "不能把全部代码都停用，至少要留一个可选")


def _check_forms(region: Region, folder: Folder, problems: Problems) -> None:
    for form in region.forms.values():
        where = folder.where("forms", form.key)
        for field in form.fields:
            if field.kind == "choice" and not field.options:
                problems.add(where, f"{form.key}.{field.id}", "choice 字段要写 options")
            if field.options and field.options not in region.codes:
                problems.add(where, f"{form.key}.{field.id}", f"没有代码表“{field.options}”")
            if field.feeds and field.feeds not in FACTS:
                problems.add(where, f"{form.key}.{field.id}", f"不认识的信息“{field.feeds}”")
            elif field.feeds and FACTS[field.feeds].codes not in (None, field.options):
                expected = FACTS[field.feeds].codes
                problems.add(where, f"{form.key}.{field.id}", f"“{field.feeds}”应从代码表 {expected} 选择")
            for test in _tests(field.required_when):
                if test.fact not in EMPLOYER_FACTS:
                    text = f"required_when 只能问单位的信息：{'、'.join(sorted(EMPLOYER_FACTS))}"
                    problems.add(where, f"{form.key}.{field.id}", text)
                _check_operand(test, f"{form.key}.{field.id}", where, region, problems)
            codes = region.codes.get(field.options or "")
            item = codes.get(field.default) if codes and field.default else None
            if codes and field.default and item is None:
                problems.add(where, f"{form.key}.{field.id}", f"默认值“{field.default}”不在代码表里")
            elif item and item.is_retired:
                asked = "、".join(f"“{one.title}”" for one in region.services.values() if one.form == form.key)
                told = f"{asked or f'表单 {form.key} '}的“{field.label}”默认填“{item.code} {item.title}”"
                problems.add(where, "", f"{told}，默认的不能是停用的代码，请先另写一个默认值")
    fed = {f.feeds for s in region.services.values() if s.form in region.forms for f in region.forms[s.form].fields}
    for scheme in region.open_schemes:
        for fact_key in sorted(scheme.facts):
            fact = FACTS.get(fact_key)
            if fact and fact.supplied_by == FORM and fact.default is None and fact_key not in fed:
                where = folder.where("schemes", scheme.key)
                problems.add(where, scheme.key, f"没有表单提供计算所需的“{fact.title}”（{fact_key}）")


def _check_pages(region: Region, folder: Folder, problems: Problems) -> None:
    """What a page of the catalogue is about is there: a service, a scheme, a guide, blank forms."""
    for page in region.pages.values():
        where = folder.where("services", page.key)
        if page.page == "monthly_papers" and not _has_monthly(region, page.service):
            problems.add(where, page.key, f"service 应是一个有 covers: month 材料的事项，“{page.service}”不是")
        if page.page == "roster_sheet" and not _takes_the_roster(region, page.service):
            problems.add(where, page.key, f"service 应是一个为在册人员办的事项，“{page.service}”不是")
        if (page.page == "guide") != bool(page.guide) or (page.guide and page.guide not in region.guides):
            problems.add(where, page.key, "guide 要写 guide，是 guides.yaml 的一个键")
        if page.page == "blank_forms" and not any(one.is_blank for one in region.statements.values()):
            problems.add(where, page.key, "statements.yaml 里没有 source: blank 的空白表格")


def _check_queries(region: Region, folder: Folder, problems: Problems) -> None:
    """What a query is about and prints is there."""
    for query in region.queries.values():
        where, has = folder.where("queries", query.key), bool(query.scheme)
        if (query.model == "scheme_roster") != has or (has and query.scheme not in region.schemes):
            problems.add(where, query.key, "scheme_roster 要写 scheme，是一个险种的键")
        whole = {key for key, one in region.statements.items() if one.each == "employer"}
        if strange := [key for key in query.prints if key not in whole | region.bill_documents.keys()]:
            problems.add(where, query.key, f"没有按账单或按单位打印的单据“{'、'.join(strange)}”")


def _takes_the_roster(region: Region, key: str) -> bool:
    found = region.services.get(key)
    return bool(found and found.form in region.forms and region.forms[found.form].field("id_kind") is None)


def _check_corrected(form: str, key: str, where: str, region: Region, problems: Problems) -> None:
    """A correction says another amount of what is charged: not whether it is, and nothing of the employer."""
    asked = [field for field in region.forms[form].fields if field.feeds]
    if not asked:
        problems.add(where, key, "工资更正的表单要问 declared_wage 或缴费档次")
    read = {fact for scheme in region.open_schemes for fact in scheme.keyed_by}
    read -= {fact for scheme in region.open_schemes if scheme.applies for fact in scheme.applies.facts}
    read = {fact for fact in read if fact in FACTS and FACTS[fact].supplied_by == FORM} | {"declared_wage"}
    for field in asked:
        if field.feeds not in read:
            problems.add(where, key, f"“{field.feeds}”不能更正：它不决定缴多少，或者还决定参不参保")


def _check_services(region: Region, folder: Folder, problems: Problems) -> None:
    for service in region.services.values():
        where = folder.where("services", service.key)
        if service.form not in region.forms:
            problems.add(where, service.key, f"没有表单“{service.form}”")
        if not service.is_direct and service.decide_within < 1:
            problems.add(where, service.key, "需要审核的事项要写 decide_within（工作日）")
        if not service.waits and any(one.keep == "upload" and one.required for one in service.papers):
            problems.add(where, service.key, "保存即生效，来不及收材料：请在 route 写 employer_submit，或不要求上传")
        if service.may and not {"clerk", "employer_admin"} & set(service.may):
            problems.add(where, service.key, "may 里没有单位的人，谁也办不了")
        for codes in filter(None, (service.reasons, service.answers)):
            if not service.is_direct and codes not in region.codes:
                problems.add(where, service.key, f"没有代码表“{codes}”")
        if service.operation == "cover_year" and service.form in region.forms:
            _check_cover_year(service.form, service.key, where, region, problems)
        if service.is_yearly != ("once_a_year" in service.checks):
            problems.add(where, service.key, "often: yearly 和校验 once_a_year 要一起写")
        if service.is_yearly and (service.operation != "declare_wages" or region.calendar.yearly_wages is None):
            problems.add(where, service.key, "often: yearly 只用于工资申报，申报期写在 calendar.yaml 的 yearly_wages")
        if service.months_back not in (range(1, MOST_BACK + 1) if service.corrects else (0,)):
            problems.add(where, service.key, f"工资更正（correct_wages）要写 months_back：1 至 {MOST_BACK} 个月")
        if service.corrects and service.form in region.forms:
            _check_corrected(service.form, service.key, where, region, problems)
        if service.is_batched and service.operation in v.OPENS_ACCOUNTS:
            problems.add(where, service.key, "开通、停用账号的事项只能逐笔审核，batch_review 不能写 sampled")
        for test in _tests(service.pre_entry):
            if test.fact not in FACTS:
                problems.add(where, service.key, f"不认识的信息“{test.fact}”，可用：{'、'.join(FACTS)}")
            _check_operand(test, service.key, where, region, problems)
        if service.is_about_employer and service.form in region.forms:
            strange = [f.id for f in region.forms[service.form].fields if f.id not in v.EMPLOYER_FIELDS]
            if strange:
                problems.add(where, service.key, f"{'、'.join(strange)}不是可变更的单位信息")
        for scheme in service.back_paying.schemes:
            if scheme not in region.schemes or not region.schemes[scheme].open:
                problems.add(where, service.key, f"没有开放的险种“{scheme}”")
        if service.operation in BACK_OPERATIONS and service.form in region.forms:
            asked = {f.id for f in region.forms[service.form].fields if f.kind == "month"}
            if not {"first_month", "last_month"} <= asked:
                problems.add(where, service.key, "补缴的表单要问起止月份 first_month、last_month")
    for sheet in region.sheets.values():
        where = folder.where("sheets", sheet.key)
        found = region.services.get(sheet.service)
        form = region.forms.get(found.form) if found else None
        if found is None:
            problems.add(where, sheet.key, f"没有事项“{sheet.service}”")
        for name in sheet.aliases if form else ():
            if form and form.field(name) is None:
                problems.add(where, sheet.key, f"表单 {form.key} 没有字段“{name}”")
    kinds: dict[str, list[str]] = {}
    for s in region.settlements.values():
        kinds.setdefault(s.computed_by, []).append(s.applies)
    whole = (["always"], ["with_changes", "without_changes"])
    if not kinds or any(sorted(one) not in whole for one in kinds.values()):
        problems.add(
            f"{region.code}/settlements.yaml:1",
            "",
            "每个月应恰有一种结算方式适用：always，或有变动与无变动各一；现有 "
            + ("、".join(f"{one.key}（{one.applies}）" for one in region.settlements.values()) or "无")
            + "，沿用上级而不用的请写 {open: false}",
        )


def _has_monthly(region: Region, key: str) -> bool:
    service = region.services.get(key)
    return service is not None and any(one.covers == "month" for one in service.uploads)


def _check_cover_year(form: str, key: str, where: str, region: Region, problems: Problems) -> None:
    """A declaration by the year asks the year and the way of paying, and there is something to join."""
    if region.yearly_scheme is None:
        problems.add(where, key, "没有按年缴费的险种（schemes.yaml 里写 per: year）")
    for name, kind, options in (("cover_year", "year", None), ("pay_by", "choice", "cover_payments")):
        field = region.forms[form].field(name)
        if field is None or field.kind != kind or field.options != options:
            told = f"，options: {options}" if options else ""
            problems.add(where, key, f"表单 {form} 要有字段 {name}（kind: {kind}{told}）")


def _check_values(parameter: Parameter, folder: Folder, problems: Problems) -> None:
    where = folder.where("parameters", parameter.key)
    for value, later in zip(parameter.values, parameter.values[1:], strict=False):
        if value.until is not None and later.since > value.since and value.until >= later.since:
            problems.add(where, parameter.key, f"{value.since} 与 {later.since} 起的两个数值重叠")


def _check_months(region: Region, folder: Folder, problems: Problems) -> None:
    """Every month from opening to `checked_until` has every value that charging reads."""
    if region.checked_until < region.opened_on:
        problems.add(f"{region.code}/region.yaml:1", "checked_until", "早于 opened_on")
    for scheme in region.open_schemes:
        _check_limits(scheme, region, folder, problems)
        for name in parameters_of(scheme):
            parameter = region.parameters.get(name)
            if parameter is None:
                continue
            lost = [str(m) for m in months_between(region.opened_on, region.checked_until) if not _has(parameter, m)]
            if lost:
                span = lost[0] if len(lost) == 1 else f"{lost[0]} 至 {lost[-1]} 共 {len(lost)} 个月"
                problems.add(folder.where("parameters", name), name, f"{span}没有数值（险种 {scheme.key}）")


def _check_limits(scheme: Scheme, region: Region, folder: Folder, problems: Problems) -> None:
    """No month in which the floor is above the ceiling."""
    floor, ceiling = (region.parameters.get(name or "") for name in (scheme.floor, scheme.ceiling))
    if floor is None or ceiling is None:
        return
    for month in months_between(region.opened_on, region.checked_until):
        if not (_has(floor, month) and _has(ceiling, month)):
            continue
        low, high = (_rows(region.value(one.key, month, known_on=date.max).value) for one in (floor, ceiling))
        if any(low[key] > high[key] for key in low.keys() & high.keys()):
            problems.add(folder.where("parameters", floor.key), floor.key, f"{month} 的下限高于上限")
            return


def _rows(value: Amount | Mapping[str, Amount]) -> dict[str, Amount]:
    return dict(value) if isinstance(value, Mapping) else {"": value}


def _has(parameter: Parameter, month: Month) -> bool:
    fits = [one for one in parameter.values if one.since <= month]
    return bool(fits) and (fits[-1].until is None or fits[-1].until >= month)


def _check_cases(region: Region, folder: Folder, problems: Problems) -> None:
    told: set[str] = set()
    for case in folder.cases:
        said = {str(name).partition(".")[0] for name in case.get("expect") or ()}
        told |= said - region.schemes_anew(case.place.partition("/")[0])
    for scheme in region.open_schemes:
        if scheme.key not in told:
            sentence = "没有算例，请在 cases/ 写一个一定要算出的结果"
            problems.add(f"{region.code}/cases:1", scheme.key, sentence)
