"""Who asks, read with every request. The settings name both classes."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from shebao.hall.operators.models import Operator
from shebao.hall.sign_in.recognising import operators, sessions


class SessionStore(db.SessionStore):
    """Django's sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        for session in sessions(self.session_key, timezone.now()):
            return session
        self._session_key = None
        return None


class Recognising(ModelBackend):
    """Django's accounts by password; whoever signed in is read together with their employer."""

    def get_user(self, user_id: int) -> Operator | None:
        """The operator, unless the account is disabled."""
        return next(filter(self.user_can_authenticate, operators(user_id)), None)
