"""Who asks: read with every request, so the questions are composed once. The settings name both classes."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from shebao.hall.operators.models import Operator
from shebao.hall.prepared import prepared


class SessionStore(db.SessionStore):
    """Django's sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        for session in _session(self.session_key, timezone.now()):
            return session
        self._session_key = None
        return None


class Recognising(ModelBackend):
    """Django's accounts by password; whoever signed in is read together with their employer."""

    def get_user(self, user_id: int) -> Operator | None:
        """The operator, unless the account is disabled."""
        return next(filter(self.user_can_authenticate, _operator(user_id)), None)


@prepared
def _session(key: str, at) -> QuerySet:
    return Session.objects.filter(session_key=key, expire_date__gt=at)


@prepared
def _operator(pk: int) -> QuerySet:
    return Operator.objects.filter(pk=pk).select_related("employer")
