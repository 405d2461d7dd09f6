"""Pieces of a region's month. No model is imported here: they travel through schedulers that have no Django."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Partition:
    """Employers of one region whose numbers follow each other, and how many people their rosters have."""

    region: str
    employer_ids: tuple[int, ...]
    people: int


@dataclass(frozen=True)
class Finished:
    """What became of a partition: counts, the fen demanded, and (number, name, reason) of each that was skipped."""

    employers: int
    people: int
    heads: int
    total_fen: int
    skipped: tuple[tuple[str, str, str], ...]
