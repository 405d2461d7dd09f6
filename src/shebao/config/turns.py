"""Who is served next: every address in turn, and in it every session. Whoever asks most waits behind himself."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf


class TooManyWaiting(Exception):
    """One session has more requests open than anybody could want answered."""


class Turns:
    """One thread that works, and a queue for every session before it (reliability B36).

    One thread, because pages are Python and a second one would only share the processor and hold a second connection
    to the database; more is done by more processes.
    """

    def __init__(self):
        self._thread = ThreadPoolExecutor(1, "pages")
        self._is_busy = False
        self._waiting: dict[str, dict[str, deque[asyncio.Future]]] = {}

    async def take(self, address: str, session: str, work: Callable, *given, most: float = inf):
        """What `work` answers, once it is this session's turn. Raises TooManyWaiting where `most` wait already."""
        if self._is_busy:
            await self._wait(address, session, most)
        self._is_busy = True
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)
        finally:
            self._hand_over()

    async def _wait(self, address: str, session: str, most: float) -> None:
        queue = self._waiting.setdefault(address, {}).setdefault(session, deque())
        if len(queue) >= most:
            raise TooManyWaiting
        queue.append(ticket := asyncio.get_running_loop().create_future())
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self._hand_over()
            raise

    def _hand_over(self) -> None:
        """Wake the next one. Whoever was served goes to the end of the row, as session and as address."""
        while self._waiting:
            address = next(iter(self._waiting))
            sessions = self._waiting.pop(address)
            session = next(iter(sessions))
            queue = sessions.pop(session)
            ticket = queue.popleft()
            if queue:
                sessions[session] = queue
            if sessions:
                self._waiting[address] = sessions
            if not ticket.cancelled():
                ticket.set_result(None)
                return
        self._is_busy = False
