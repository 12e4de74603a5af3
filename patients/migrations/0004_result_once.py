from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_results_by_their_columns")]

    operations = [
        migrations.RemoveField(
            model_name="result",
            name="thread",
        ),
        migrations.RemoveField(
            model_name="result",
            name="version_key",
        ),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.UniqueConstraint(
                fields=(
                    "patient",
                    "analyte",
                    "collected_at",
                    "accession",
                    "version",
                    "restatement",
                ),
                name="result_once",
            ),
        ),
        migrations.AlterField(
            model_name="result",
            name="version",
            field=models.BigIntegerField(
                help_text="Digest of status, comparator, value, text and the time of issue as sent"
            ),
        ),
    ]
