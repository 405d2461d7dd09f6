"""Two sendings at the same moment, in every order of their steps: never more than a code takes, nor two telephones."""

from itertools import count

import pytest

from shebao.hall.phone_uploads.models import PhoneUpload
from shebao.hall.phone_uploads.operations import ask_for_registration, send_by_phone, token_of
from shebao.hall.registration.models import RegistrationPaper
from tests.factories import at
from tests.papers import PDF, upload
from tests.race.schedule import SCHEDULES, run, without_guards
from tests.registration.applying import drafted

pytestmark = pytest.mark.django_db(transaction=True)
PAIRS = {
    "what there is room for": (("phone", 2), ("phone", 3), ["done", "done"], 5),
    "more than there is room for": (("phone", 3), ("phone", 3), ["done", "too_many_files"], 3),
    "two telephones": (("phone", 1), ("another", 1), ["done", "link_spent"], 1),
}
"""What each of the two sends, from which telephone; how they end, and how many files came."""


def lived(name: str, **more):
    """What was wrong, in a word, in each order of the steps; "" where nothing was."""
    *sendings, ends, came = PAIRS[name]
    with at():
        made = drafted()
    serial = count()
    for schedule in SCHEDULES:
        RegistrationPaper.objects.all().delete()
        with at():
            code = ask_for_registration(made.pk, made.spec.papers[0].title)
        token = token_of(code)

        def deed(phone, files, token=token):
            pages = [upload(f"{n}.pdf", PDF + str(n).encode()) for n in (next(serial) for _ in range(files))]
            return lambda: send_by_phone(token, phone, pages)

        outcomes = sorted(run(schedule, *(deed(*one) for one in sendings), **more))
        there = RegistrationPaper.objects.count()
        is_right = (outcomes, there, PhoneUpload.objects.get(pk=code.pk).used) == (ends, came, came)
        yield "" if is_right else f"{schedule}: {outcomes}, {there} files"


@pytest.mark.parametrize("name", PAIRS)
def test_both_arrive_or_one_is_told_why_not(name):
    assert [one for one in lived(name) if one] == []


@pytest.mark.parametrize("name", ["more than there is room for", "two telephones"])
def test_without_its_guards_the_same_pair_goes_wrong(name):
    with without_guards(()):
        assert any(lived(name, patience=5)), "the lock is not what keeps this right, or the test does not see it"
