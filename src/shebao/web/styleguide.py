"""The living style guide: every part of the interface with invented sample data, and three whole sample pages."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from .templatetags.ui import STATUSES, icon_names

SAMPLE_PAGES = {
    "home": "parts/sample_home.html",
    "import": "parts/sample_import.html",
    "desk": "parts/sample_desk.html",
    "sign-in": "parts/sample_sign_in.html",
}


@require_http_methods(["GET", "HEAD", "POST"])
def styleguide(request: HttpRequest) -> HttpResponse:
    """All parts, or with `?show=` a whole sample page; `?elder=1` shows it in 长者模式, `&contrast=1` on black."""
    show = request.GET.get("show", "")
    context = {
        "shell": sample_shell(show, elder=request.GET.get("elder") == "1", contrast=request.GET.get("contrast") == "1"),
        **home_samples(),
        **form_samples(),
        **list_samples(request),
        **case_samples(),
        **import_samples(),
    }
    return render(request, SAMPLE_PAGES.get(show, "styleguide.html"), context)


def _item(label: str, icon: str, current: bool = False, badge: int = 0, badge_kind: str = "") -> dict[str, Any]:
    return {
        "label": label,
        "icon": icon,
        "url": "#main",
        "current": current,
        "badge": badge,
        "badge_kind": badge_kind,
    }


def sample_shell(show: str = "", elder: bool = False, contrast: bool = False) -> dict[str, Any]:
    """Return a `shell` as the pages' own views fill it."""
    declare = [
        _item("增员申报", "user-plus"),
        _item("减员申报", "user-minus"),
        _item("批量导入", "file-spreadsheet", current=show == "import"),
        _item("基数与补缴", "coins"),
        _item("待提交", "basket", badge=4),
        _item("办件进度", "list-check", badge=1, badge_kind="red"),
    ]
    billing = [
        _item("月度结算", "calculator"),
        _item("缴费与支付", "wallet"),
        _item("通知单与凭证", "printer"),
    ]
    people = [
        _item("员工花名册", "users"),
        _item("单位信息", "building"),
        _item("社会保障卡", "id-card"),
        _item("工伤与待遇", "injury"),
    ]
    query = [_item("查询统计", "chart-bar"), _item("证明打印", "certificate")]
    return {
        "product": "企业社保网厅",
        "region_title": "示例市社会保险中心",
        "home_url": "?show=home",
        "home_label": "工作台",
        "nav": [
            {"heading": "", "items": [_item("工作台", "home", current=show == "home")]},
            {"heading": "申报办理", "items": declare},
            {"heading": "结算缴费", "items": billing},
            {"heading": "单位与员工", "items": people},
            {"heading": "查询下载", "items": query},
        ],
        "words": {"basket": "待提交", "cases": "办件进度", "settle": "月度结算", "to_settle": "结算"},
        "month_label": "2026-11",
        "months_url": "#main",
        "employer_name": "云岭精密制造有限公司",
        "employer_url": "#main",
        "user_name": "王敏",
        "user_role": "社保专管员",
        "user_links": [{"label": "账号与安全", "url": "#main", "icon": "lock"}],
        "elder": elder,
        "contrast": contrast,
        "tiles": [*declare, *billing][:8] if elder else [],
        "elder_url": "#main",
        "help_url": "#main",
        "search_url": "?",
        "messages_url": "#main",
        "unread": 3,
        "logout_url": "#main",
    }


def home_samples() -> dict[str, Any]:
    """Return the workbench of the mock: its figures agree with each other to the cent."""
    shares = [
        ("pension", "养老保险", 15501600),
        ("medical", "医疗（含生育）", 7104900),
        ("unemployment", "失业保险", 645900),
        ("injury", "工伤保险", 310032),
    ]
    amounts = [1912, 1913, 1938, 1980, 1992, 2020, 2098, 2122, 2134, 2156, 2194, 2356]
    months = [
        {
            "month": f"{2025 if n == 0 else 2026}-{12 if n == 0 else n:02d}",
            "amount": a * 10000,
            "estimate": n == 11,
        }
        for n, a in enumerate(amounts)
    ]
    months[-1]["amount"] = 23562432
    return {
        "due": 23562432,
        "steps": [
            {"title": "录入变动", "note": "本月 13 笔已录入", "state": "done"},
            {"title": "提交审核", "note": "4 笔待提交，1 笔被退回", "state": "current"},
            {"title": "月度结算", "note": "审核全部通过后可办", "state": "next"},
            {"title": "缴费", "note": "11 月 25 日前", "state": "next"},
            {"title": "打印归档", "note": "通知单、票据", "state": "next"},
        ],
        "next_action": {"label": "提交 4 笔待提交业务", "url": "#main"},
        "finished_action": {"label": "本月已完成"},
        "stats": [
            _stat("待提交", 4, "最早暂存于 11 月 11 日", "basket", "g"),
            _stat("审核中", 3, "预计明天 17:00 前办结", "hourglass", "b"),
            _stat("审核不通过", 1, "可在原单上修改重报", "arrow-back", "d"),
            _stat("审核通过", 5, "平均用时 6 小时 20 分", "check-circle", "ok"),
        ],
        "todos": [
            _todo(
                "被退回",
                "d",
                "李海燕的增员需要修改",
                "审核意见：劳动合同起始日 11-05 晚于参保月份 10 月，请核对其中一项",
                "修改重报",
            ),
            _todo(
                "4 天后",
                "w",
                "4 笔业务还没有提交审核",
                "增员 2、减员 1、基数调整 1。未提交的业务不会计入本月结算",
                "去提交",
            ),
            _todo(
                "请确认",
                "w",
                "陈志强的月工资低于缴费下限",
                "申报 4,200.00，下限 4,473.00。将按下限核定，个人每月多缴 28.67 元",
                "去确认",
            ),
            _todo(
                "5 个月后",
                "b",
                "张建国到达法定退休年龄",
                "1966 年 10 月生，2027 年 4 月满 60 岁 6 个月，可提前预约退休初审",
                "预约初审",
            ),
            _todo(
                "可下载",
                "g",
                "10 月电子缴费凭证已生成",
                "已缴 219,354.24 元，含缴费通知单、缴费凭证、人员明细三份文件",
                "下载",
            ),
        ],
        "shares": [{"code": c, "label": w, "amount": a} for c, w, a in shares],
        "bridge_rows": [
            {"label": "增员 6 人", "delta": 1554048},
            {"label": "补缴 1 人 · 9–10 月", "delta": 503424},
            {"label": "基数调整 3 人", "delta": 145920},
            {"label": "减员 2 人", "delta": -576384},
        ],
        "bridge_total": 1627008,
        "bar_months": months,
        "lanes": [
            {
                "code": "pension",
                "label": "养老保险",
                "months": ["insured"] * 10 + ["gap"] * 2 + ["insured"] * 12,
            },
            {"code": "medical", "label": "医疗保险", "months": ["insured"] * 24},
            {"code": "injury", "label": "工伤保险", "months": ["none"] * 8 + ["insured"] * 16},
        ],
        "action_links": [
            {"label": "增员", "icon": "user-plus", "url": "#main"},
            {"label": "减员", "icon": "user-minus", "url": "#main"},
            {"label": "批量导入", "icon": "file-spreadsheet", "url": "?show=import"},
            {"label": "申报基数", "icon": "coins", "url": "#main"},
        ],
    }


def _stat(label: str, count: int, note: str, icon: str, kind: str) -> dict[str, Any]:
    return {"label": label, "count": count, "note": note, "icon": icon, "kind": kind, "url": "#main"}


def _todo(tag: str, kind: str, title: str, note: str, action: str) -> dict[str, str]:
    return {"tag": tag, "kind": kind, "title": title, "note": note, "action": action, "url": "#main"}


def form_samples() -> dict[str, Any]:
    """Return one field of every kind, and fields in every state."""
    households = [("urban", "城镇"), ("rural", "农村")]
    kinds = [
        {
            "name": "id_number",
            "kind": "id_number",
            "label": "证件号码",
            "required": True,
            "value": "990101199307042419",
        },
        {"name": "person_name", "kind": "text", "label": "姓名", "required": True, "value": "何雨桐"},
        {"name": "mobile", "kind": "phone", "label": "手机号", "value": "18600004420"},
        {"name": "household", "kind": "choice", "label": "户口性质", "required": True, "options": households},
        {"name": "first_month", "kind": "month", "label": "参保月份", "required": True, "value": "2026-11"},
        {"name": "starts_on", "kind": "date", "label": "合同起始", "value": "2026-11-03"},
        {
            "name": "wage",
            "kind": "money",
            "label": "月缴费工资",
            "required": True,
            "value": 810000,
            "help": "下限 4,473.00，上限 22,365.00",
        },
        {"name": "evidence", "kind": "file", "label": "劳动合同", "help": "JPG、PNG 或 PDF，不超过 5 MB"},
        {
            "name": "enrolment_kind",
            "kind": "radios",
            "label": "参保类型",
            "value": "first",
            "options": [("first", "新参保"), ("resume", "续保"), ("in", "调入")],
        },
        {
            "name": "schemes",
            "kind": "checks",
            "label": "险种",
            "value": ["pension"],
            "options": [("pension", "养老"), ("injury", "工伤")],
        },
        {"name": "reason", "kind": "textarea", "label": "说明"},
    ]
    states = [
        {
            "name": "s_error",
            "label": "证件号码",
            "kind": "id_number",
            "required": True,
            "value": "990101199307042415",
            "error": "第 18 位应为 9，表中是 5，请对照原件",
        },
        {
            "name": "s_confirm",
            "label": "月缴费工资",
            "kind": "money",
            "value": "4200",
            "confirm": "低于下限 4,473.00，将按下限核定",
        },
        {
            "name": "s_mark",
            "label": "参保月份",
            "kind": "month",
            "value": "2026-11",
            "mark": "合同 11-05 起始，参保月份不能早于 11 月",
            "old_value": "2026-10",
        },
        {
            "name": "s_locked",
            "label": "户口性质",
            "kind": "choice",
            "value": "urban",
            "options": households,
            "readonly": True,
            "hint": "来自参保登记，变更请办单位信息变更",
        },
    ]
    errors = [
        {"id": "id_s_error", "text": "证件号码：第 18 位应为 9，表中是 5，请对照原件"},
        {"id": "id_household", "text": "户口性质：还没有选，请选城镇或农村"},
    ]
    return {"field_kinds": kinds, "field_states": states, "sample_errors": errors}


def list_samples(request: HttpRequest) -> dict[str, Any]:
    """Return a roster of seven rows and a pager in its middle."""
    people = [
        ("赵文静", "990101198805122214", 720000, "insured", ""),
        ("马骏", "990101199001011837", 685000, "insured", ""),
        ("林嘉豪", "990101198503033352", 447300, "warning", "q"),
        ("郑凯", "990101199112088217", 880000, "error", "e"),
        ("孙悦", "990101199606064467", 690000, "insured", ""),
        ("黄立诚", "990101198402097733", 620000, "ceased", "off"),
    ]
    rows = [{"name": n, "id_number": i, "base": b, "state": s, "css": c} for n, i, b, s, c in people]
    return {
        "people": rows,
        "page_sizes": (20, 50, 100),
        "page": Paginator(range(486), 20).get_page(request.GET.get("page", 7)),
        "batch_buttons": [
            {"label": "导出", "icon": "download", "name": "do", "value": "export"},
            {"label": "移除", "kind": "d", "icon": "trash", "name": "do", "value": "remove"},
            {"label": "核对并提交", "kind": "p", "name": "do", "value": "submit"},
        ],
        "states": [*STATUSES],
        "icons": sorted(icon_names()),
    }


def case_samples() -> dict[str, Any]:
    """Return a case: answers, timeline, preconditions, the derivation of one amount, files."""
    return {
        "answers": [
            {"label": "姓名", "new": "刘洋"},
            {"label": "月缴费工资", "old": "6,800.00", "new": "7,200.00", "url": "#main"},
            {"label": "参保月份", "old": "2026-10", "new": "2026-11", "url": "#main"},
            {"label": "手机号", "new": ""},
        ],
        "events": [
            {"title": "暂存", "at": "11-02 09:12", "actor": "王敏", "kind": "ok", "icon": "check-circle"},
            {"title": "提交", "at": "11-02 10:30", "actor": "王敏", "kind": "ok", "icon": "check-circle"},
            {
                "title": "退回",
                "at": "11-03 15:20",
                "actor": "审核人员",
                "note": "合同起始日晚于参保月份",
                "kind": "d",
                "icon": "arrow-back",
            },
            {"title": "再次提交", "at": "11-04 08:40", "actor": "王敏", "kind": "b", "icon": "hourglass"},
            {"title": "预计 11-06 17:00 前办结", "kind": "g", "icon": "clock"},
        ],
        "preconditions": [
            {"text": "没有待提交业务", "ok": True},
            {
                "text": "没有审核中的业务",
                "ok": False,
                "note": "还有 3 笔，预计明天 17:00 前办结",
                "url": "#main",
                "action": "查看",
            },
            {"text": "单位信息已确认", "ok": False, "warn": True, "url": "#main", "action": "去确认"},
        ],
        "derivation": [
            {"label": "缴费基数", "text": "7,200.00", "note": "申报工资 7,200.00，11-02 王敏 增员申报"},
            {"label": "上下限", "text": "4,473.00 至 22,365.00", "note": "在范围内，按申报工资"},
            {"label": "费率", "text": "16%", "note": "示例规则，2026-07 起"},
            {"label": "计算", "text": "7,200.00 × 16%，四舍五入到分", "result": "1,152.00"},
        ],
        "checks": [
            {
                "kind": "ok",
                "icon": "check-circle",
                "text": "身份校验",
                "note": "号码校验位、出生日期、性别一致",
            },
            {"kind": "ok", "icon": "check-circle", "text": "重复参保", "note": "本地没有在保记录"},
            {
                "kind": "w",
                "icon": "alert-triangle",
                "text": "基数上下限",
                "note": "申报 4,200.00 低于下限，按下限核定",
            },
        ],
    }


def import_samples() -> dict[str, Any]:
    """Return rows of the import grid as the mock shows them."""
    rows = [
        ("赵文静", "2214", 720000, "passed"),
        ("马骏", "1837", 685000, "passed"),
        ("沈一鸣", "403X", 930000, "passed"),
        ("何雨桐", "2415", 810000, "error"),
        ("林嘉豪", "3352", 420000, "warning"),
        ("罗思远", "5019", 760000, "passed"),
        ("杨柳", "2620", 540000, "error"),
        ("吴晓峰", "1291", 1050000, "passed"),
        ("郑凯", "8217", 880000, "error"),
        ("孙悦", "4467", 690000, "passed"),
        ("黄立诚", "7733", 620000, "warning"),
        ("冯晓东", "0956", 540000, "error"),
        ("曾婷", "6682", 700000, "error"),
        ("唐志远", "3018", 740000, "warning"),
    ]
    grid = [
        {"number": number, "name": name, "tail": tail, "wage": wage, "mark": mark}
        for number, (name, tail, wage, mark) in enumerate(rows, 1)
    ]
    return {"grid_rows": grid, "wizard_titles": ["上传表格", "匹配列", "修正问题", "核对并加入待提交"]}
