"""Home and roster with 5,000 employees: queries and milliseconds, against the same pages with 50. Run: make bench."""

import os
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

os.environ["SHEBAO_DATA_DIR"] = tempfile.mkdtemp(prefix="shebao-bench-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shebao.config.settings.test")
os.environ.setdefault("SHEBAO_BANK_URL", "http://127.0.0.1:9")  # nobody listens; past payments are told, not made
os.environ["SHEBAO_TEST_DIR"] = os.environ["SHEBAO_DATA_DIR"]

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from shebao.cli import demo_city  # noqa: E402
from shebao.rules.months import Month  # noqa: E402


class Many(demo_city.People):
    """More people than the thousand that a day of birth has numbers for: each thousand has a year of its own."""

    def next(self, month: Month, born: date | None = None) -> dict[str, str]:
        """As the demo city's, with the year of birth from the sequence."""
        return super().next(month, born or date(1980 + self.sequence // 1000, 1 + self.sequence % 12, 1))


def measure(client: Client, address: str) -> tuple[int, float]:
    """Queries, and the median of nine runs in milliseconds."""
    seen = []

    def counting(execute, *args):
        seen.append(args[0])
        return execute(*args)

    with connection.execute_wrapper(counting):
        assert client.get(address).status_code == 200
    times = []
    for _ in range(9):
        begun = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
    return len(seen), statistics.median(times)


def main() -> None:
    """Load an employer of each size into a fresh database and measure both pages."""
    from shebao.hall.employers.models import Employer
    from shebao.hall.operators.models import Operator
    from shebao.hall.regions import all_regions

    call_command("migrate", verbosity=0)
    region = next(r for r in all_regions().values() if next(iter(r.services.values())).is_direct)
    rows = []
    for number, size in enumerate((50, 5000), 1):
        accounts: list = []
        employer = demo_city._employer(region, number, number, f"测速单位{size}")
        Employer.objects.filter(pk=employer.pk).update(first_month=demo_city._this_month().previous(1))
        employer.refresh_from_db()
        clerk = demo_city._operator(region, demo_city_role("clerk"), employer, accounts)
        reviewer = Operator(role="reviewer", region=region.code)
        history = demo_city._History(region, employer, clerk, reviewer, Many(str(size), f"{12 + number}9901"))
        history.live(size)
        client = Client()
        client.force_login(clerk)
        rows.append((size, measure(client, "/e/"), measure(client, "/e/roster/")))
    print(f"{'employees':>10}{'home queries':>14}{'home ms':>10}{'roster queries':>16}{'roster ms':>11}")
    for size, home, roster in rows:
        print(f"{size:>10}{home[0]:>14}{home[1]:>10.1f}{roster[0]:>16}{roster[1]:>11.1f}")
    small, large = rows
    print(f"ratio 5,000 / 50: home {large[1][1] / small[1][1]:.2f}, roster {large[2][1] / small[2][1]:.2f}")
    print(f"database: {connection.vendor}, file {Path(os.environ['SHEBAO_DATA_DIR']).name}")


def demo_city_role(name: str):
    """The role by its code."""
    from shebao.hall.operators.models import Role

    return Role(name)


if __name__ == "__main__":
    main()
