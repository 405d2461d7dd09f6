"""Sending letters as a background job: no page waits for a mail server."""

from django_tasks import task


@task()
def deliver(mail_id: int) -> None:
    """Send one letter; the outcome is on the letter."""
    from .operations import deliver_mail

    deliver_mail(mail_id)


def deliver_in_background(mail_id: int) -> None:
    """Queue a letter."""
    deliver.enqueue(mail_id)
