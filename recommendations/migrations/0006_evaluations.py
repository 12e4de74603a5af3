from django.db import migrations, models


def forget(apps, schema_editor):
    """A mean and a correlation are no line: the nightly job learns it again."""
    apps.get_model("recommendations", "Repeatability").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0005_alert_budget_changes")]

    operations = [
        migrations.CreateModel(
            name="AdviceEvaluation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("since", models.DateTimeField()),
                (
                    "people",
                    models.PositiveIntegerField(
                        help_text="Tested; none with too few answers", null=True
                    ),
                ),
                ("verdict", models.CharField(max_length=300)),
                ("catalogue_digest", models.CharField(max_length=64)),
                (
                    "content",
                    models.JSONField(help_text="services.evaluation.Evaluated as plain values"),
                ),
            ],
            options={"get_latest_by": "made_at", "ordering": ["-made_at", "-pk"]},
        ),
        migrations.AddField(
            model_name="recommendation",
            name="offered_at",
            field=models.DateTimeField(
                help_text="When it was first said so; not known of the oldest rows", null=True
            ),
        ),
        migrations.AlterField(
            model_name="recommendation",
            name="as_of",
            field=models.DateTimeField(help_text="When it was last weighed, with the same answer"),
        ),
        migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),
        migrations.RenameField("repeatability", "correlation", "slope"),
        migrations.AddField(
            model_name="repeatability",
            name="mean_again",
            field=models.FloatField(default=0, help_text="Of the second values"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="repeatability",
            name="scatter",
            field=models.FloatField(default=0, help_text="Of the second values about the line"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="repeatability",
            name="mean",
            field=models.FloatField(help_text="Of the first values"),
        ),
        migrations.AlterField(
            model_name="repeatability",
            name="sd",
            field=models.FloatField(help_text="Of the first values"),
        ),
    ]
