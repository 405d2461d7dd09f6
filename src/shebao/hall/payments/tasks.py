"""What follows a payment in the background: the voucher for the people it was for."""

from django_tasks import task


@task()
def send_voucher(payment_id: int) -> None:
    """Make the voucher of a payment and mail it; again is the same voucher and the same letter."""
    from ..documents.people_vouchers import send_people_voucher
    from ..errors import Refused
    from .models import Payment

    payment = Payment.objects.select_related("started_by").get(pk=payment_id)
    try:
        send_people_voucher(payment_id, by=payment.started_by)
    except Refused:
        return  # the page of the payment offers it again, and says why


def voucher_in_background(payment_id: int) -> None:
    """Queue the voucher of a payment that was booked."""
    send_voucher.enqueue(payment_id)
