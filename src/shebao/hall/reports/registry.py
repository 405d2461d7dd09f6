"""The closed vocabulary of queries: what a region's queries.yaml may name, and how it is read."""

from . import employer, injuries, money, months, people
from .report import Report

REPORTS: dict[str, Report] = months.REPORTS | money.REPORTS | people.REPORTS | injuries.REPORTS | employer.REPORTS
