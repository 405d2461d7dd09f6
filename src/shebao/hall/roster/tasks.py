"""Mail in the background: a slow mail server keeps nobody waiting."""

from django_tasks import task


@task()
def send_letters(pks: list[int]) -> None:
    """Send letters one by one; one that fails does not keep the others, and can be sent again or printed."""
    from smtplib import SMTPException

    from .letters import send_letter

    for pk in pks:
        try:
            send_letter(pk)
        except (OSError, SMTPException):
            continue  # counted on the letter, which the person's page shows as not delivered
