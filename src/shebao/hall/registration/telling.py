"""How the applicant learns of the result, in words for every page: nothing is promised that this hall cannot send.

What is not sent stays in the hall's outbox, where no applicant reads it.
"""

from shebao.rules.identity import masked_phone

from ..mail.old_contacts import MOBILE
from ..sign_in.codes import sends_mail, sends_messages


def ways() -> str:
    """What this installation sends, in words; "" where neither gateway nor mail server is connected."""
    return "和".join(word for word, is_sent in (("短信", sends_messages()), ("邮件", sends_mail())) if is_sent)


def result_told() -> str:
    """For the applicant: how the result comes."""
    said = "凭申请号和手机号可以随时查询"
    return f"{said}；审核结果另发{ways()}给专管员。" if ways() else f"{said}；本网厅不发短信和邮件，结果请自己来查。"


def answer_told() -> str:
    """For whoever asks to join an employer: how the answer comes."""
    return f"结果另发{ways()}给您。" if ways() else "本网厅不发短信和邮件，结果请自己来查。"


def applicant_told() -> str:
    """For the desk: how the applicant learns what was just decided."""
    return f"申请人会收到{ways()}。" if ways() else "本网厅不发短信和邮件，申请人凭申请号和手机号查询。"


def link_told(agency: str) -> str:
    """For the applicant: where the link that sets the password comes from."""
    if sends_mail():
        return f"按发到电子邮箱的链接设置密码，24 小时内有效；没有收到或已过期的，向{agency}索取"
    return f"设置密码：本网厅不发邮件，请凭申请号向{agency}索取设置密码的链接，24 小时内有效"


def reset_told(phone: str) -> str:
    """For the desk: whether the employer learns of a password reset by message, and else how."""
    if MOBILE.fullmatch(phone) and sends_messages():
        return f"短信已发往 {masked_phone(phone)}"
    if not phone:
        why = "单位没有登记联系电话，没有发短信"
    elif not MOBILE.fullmatch(phone):
        why = f"单位的联系电话 {masked_phone(phone)} 不是手机号，没有发短信"
    else:
        why = "本网厅没有接通短信，告知的短信没有发出，留在网厅"
    return f"{why}；请当面告诉经办人：原密码已作废，凭上面的链接设置新密码。"
