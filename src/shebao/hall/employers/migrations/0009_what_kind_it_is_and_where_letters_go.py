"""The economic kind of an employer, and where its letters go."""

from django.db import migrations

from shebao.hall.set_guards import add_text


class Migration(migrations.Migration):
    dependencies = [("employers", "0008_an_employer_belongs_to_a_division")]
    operations = [
        add_text("employers_employer", "employer", "economic_kind", "经济类型", 10),
        add_text("employers_employer", "employer", "mailing_address", "通讯地址", 200),
    ]
