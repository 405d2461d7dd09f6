"""What the spreadsheet door costs at its limits: a cell's re-check in a large batch, memory, and other ways beside it.

    python bench/sheets_limits.py [cell | memory | others] [ROWS] [postgres]

cell: one cell of a batch of 20,000 rows is changed, as the page asks it (the whole answer with its fragments).
memory: the peak of this process beyond its start while a file of ROWS rows is uploaded and checked, then confirmed.
others: the same 20,000 rows by a Django model form per row, and by django-import-export (if it is installed).
Each way reads the file with calamine and writes one plain row per person into an unencrypted table, which is less than
an import here does: no batch to repair, no declaration, no audit record, no encryption, no price.
"""

import io
import resource
import statistics
import sys
import time
from contextlib import ExitStack
from functools import partial

import sheets_import as one_file


def edit_a_cell(clerk) -> None:
    """Change one wage twenty times through the page's own address; print what this process computed, the median."""
    import json

    from django.test import Client

    from shebao.hall.sheets.models import BatchRow

    batch = uploaded(clerk)
    client = Client()
    client.force_login(clerk)
    times = []
    for turn in range(20):
        row = BatchRow.objects.visible_to(clerk).get(batch=batch, number=100 + turn)
        changes = {"declared_wage": f"{7000 + turn}"}
        edits = json.dumps([{"number": row.number, "version": row.version, "changes": changes}])
        began = time.process_time()
        answer = client.post(
            f"/e/import/{batch.pk}/rows/", {"edits": edits, "tab": "all"}, headers={"accept": "application/json"}
        )
        times.append((time.process_time() - began) * 1000)
        assert answer.status_code == 200, answer.content
    print(
        f"one cell of {batch.rows_read:,} rows, computing: "
        f"median {statistics.median(times):.0f} ms, most {max(times):.0f}"
    )


def uploaded(clerk, limits=None):
    """A batch of PEOPLE rows, checked."""
    from shebao.hall.regions import region as region_of
    from shebao.hall.sheets import operations, reading
    from shebao.hall.sheets.models import BatchState

    region = region_of(clerk.region)
    data = one_file.workbook(region.forms[region.services[one_file.SERVICE].form], region)
    if limits:
        operations.read_workbook = lambda data, name: reading.read_workbook(data, name, limits=limits)
    batch = operations.receive_sheet(clerk.employer_id, one_file.SERVICE, "bench.xlsx", data, by=clerk).batch
    batch.refresh_from_db()
    assert batch.state == BatchState.FIXING, (batch.state, batch.message)
    return batch


def measure_memory(clerk, rows: int) -> None:
    """Upload, check and confirm `rows` rows; print how far the peak of this process rose, and the reading child's."""
    from shebao.hall.sheets.reading import Limits

    wide = None  # what the hall takes is read as the hall reads it
    if rows > Limits.rows:
        wide = Limits(
            rows=rows,
            scan_rows=2 * rows,
            bytes=2**30,
            wall_seconds=300,
            cpu_seconds=300,
            output_bytes=2**30,
            memory_bytes=2**32,
        )
    from shebao.hall.sheets import operations
    from shebao.hall.sheets.models import BatchState

    before = peak(resource.RUSAGE_SELF)
    began = time.perf_counter()
    batch = uploaded(clerk, wide)
    grown, child = peak(resource.RUSAGE_SELF) - before, peak(resource.RUSAGE_CHILDREN)
    print(
        f"{batch.rows_read:,} rows uploaded and checked in {time.perf_counter() - began:.1f} s: this process grew by "
        f"{grown:.0f} MB, the reading child held {child:.0f} MB",
        flush=True,
    )
    began, computed = time.perf_counter(), time.process_time()
    operations.confirm_batch(batch.pk, by=clerk)
    seconds, computed = time.perf_counter() - began, time.process_time() - computed
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE, (batch.state, batch.message)
    grown = peak(resource.RUSAGE_SELF) - before
    print(f"confirmed in {seconds:.1f} s, computing {computed:.1f} s: this process grew by {grown:.0f} MB in all")


def peak(who: int) -> float:
    """The highest resident memory so far, MB."""
    return resource.getrusage(who).ru_maxrss / 1024


def other_ways(clerk) -> None:
    """The same file read with calamine, then by a model form per row and by django-import-export."""
    from django import forms
    from django.core.exceptions import ValidationError
    from django.db import connection, models, transaction
    from python_calamine import CalamineWorkbook

    from shebao.hall.regions import region as region_of
    from shebao.rules.identity import check_id_number

    region = region_of(clerk.region)
    fields = [f for f in region.forms[region.services[one_file.SERVICE].form].fields if f.kind != "file"]
    data = one_file.workbook(region.forms[region.services[one_file.SERVICE].form], region)
    times: dict[str, tuple[float, float]] = {}

    def read():
        return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()[1:]

    rows = one_file.timed(times, "calamine alone", read)
    columns = {f.id: models.CharField(max_length=200, unique=f.kind == "id_number") for f in fields}
    meta = type("Meta", (), {"app_label": "sheets"})
    Plain = type("PlainPerson", (models.Model,), columns | {"__module__": "bench", "Meta": meta})

    class PlainForm(forms.ModelForm):
        class Meta:
            model = Plain
            fields = list(columns)

        def clean_id_number(self):
            number = self.cleaned_data["id_number"]
            if not check_id_number(number).ok:
                raise ValidationError("bad number")
            return number

    for name in columns:
        Plain._meta.get_field(name).blank = True
    with connection.schema_editor() as editor:
        editor.create_model(Plain)
    texts = [dict(zip(columns, map(str, row), strict=True)) for row in rows]

    def checked():
        made = [PlainForm(text) for text in texts]
        assert all(form.is_valid() for form in made)
        return made

    made = one_file.timed(times, "model forms: checked", checked)
    with transaction.atomic():
        one_file.timed(times, "model forms: saved", lambda: [form.save() for form in made])
    Plain.objects.all().delete()
    import_export_ways(times, Plain, list(columns), texts)
    for name, (seconds, computed) in times.items():
        print(f"{name:<34}{seconds:7.2f} s, computing {computed:6.2f} s")


def import_export_ways(times: dict, model, names: list[str], texts: list[dict]) -> None:
    """django-import-export: a dry run, which is its check, and the import; the usual way and in bulk."""
    try:
        import tablib
        from import_export.resources import modelresource_factory
    except ImportError:
        print("django-import-export is not installed: left out")
        return
    data = tablib.Dataset(*[[text[name] for name in names] for text in texts], headers=names)
    for words, bulk in (("import-export", False), ("import-export in bulk", True)):
        meta = {
            "fields": names, "import_id_fields": ["id_number"], "clean_model_instances": True, "use_bulk": bulk,
            "skip_diff": bulk, "use_transactions": True, "batch_size": 1000,
        }  # fmt: skip
        resource_class = modelresource_factory(model, meta_options=meta)
        for step, dry in (("dry run", True), ("imported", False)):
            run = partial(resource_class().import_data, data, dry_run=dry, raise_errors=True)
            result = one_file.timed(times, f"{words}: {step}", run)
            assert not result.has_errors()
        model.objects.all().delete()


def main() -> None:
    """Measure in a database that vanishes."""
    what = sys.argv[1] if len(sys.argv) > 1 else "cell"
    one_file.PEOPLE = int(sys.argv[2]) if len(sys.argv) > 2 else one_file.PEOPLE
    engine = sys.argv[3] if len(sys.argv) > 3 else "sqlite"
    with ExitStack() as stack:
        one_file.scratch_database(stack, engine)
        import django

        django.setup()
        from django.db import connection
        from tests.factories import OperatorFactory, at

        connection.creation.create_test_db(verbosity=0)
        stack.callback(connection.close)
        with at():
            clerk = OperatorFactory(clerk=True, employer__direct=True)
            if what == "memory":
                measure_memory(clerk, one_file.PEOPLE)
            elif what == "others":
                one_file.measure(clerk)
                other_ways(clerk)
            else:
                edit_a_cell(clerk)


if __name__ == "__main__":
    main()
