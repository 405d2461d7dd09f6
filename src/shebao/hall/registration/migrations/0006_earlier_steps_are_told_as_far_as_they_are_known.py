from django.db import migrations

MOVES = {"approved": "approve", "rejected": "reject"}


def tell(apps, editor):
    """The last submission and the last decision: of earlier ones nothing but the record was kept."""
    registrations = apps.get_model("registration", "Registration").objects.exclude(state="draft")
    events = apps.get_model("registration", "RegistrationEvent").objects
    for made in registrations.order_by("submitted_at", "pk").iterator(chunk_size=500):
        step = {"registration": made, "name": str(made.answers.get("name", ""))[:120]}
        if made.submitted_at:
            events.create(move="submit", at=made.submitted_at, **step)
        if made.decided_by_id and made.decided_at:
            # What was decided and waits again came back from its applicant.
            move = MOVES.get(made.state, "return")
            events.create(
                move=move, at=made.decided_at, by_id=made.decided_by_id, note=made.note, marks=made.marks, **step
            )


class Migration(migrations.Migration):

    dependencies = [
        ('registration', '0005_registrations_keep_their_steps_and_wait_a_moment'),
    ]

    operations = [
        migrations.RunPython(tell, migrations.RunPython.noop),
    ]
