"""The log of the program: it names no person, whatever an exception or an address repeats."""

import logging
import re
from copy import copy

ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])|(?<!\d)\d{15}(?!\d)")
TELEPHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
ACCOUNT = re.compile(r"(?<!\d)\d{16,19}(?!\d)")


class Masked(logging.Formatter):
    """Formats a record, its traceback too, with what looks like a person's number, telephone or account masked.

    The hall writes none of them into its log; a database's complaint or a mistyped address may hold one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, with three digits in front and the last four left of every such number.

        Below an error without its traceback: whoever sends what cannot be read does not fill the log.
        """
        if record.exc_info and record.levelno < logging.ERROR:
            record = copy(record)
            record.exc_info = record.exc_text = None
        return masked(super().format(record))


def masked(text: str) -> str:
    """`text`, with every number that may be a person's masked."""
    for pattern in (ID_NUMBER, ACCOUNT, TELEPHONE):
        text = pattern.sub(lambda found: f"{found[0][:3]}{'*' * (len(found[0]) - 7)}{found[0][-4:]}", text)
    return text
