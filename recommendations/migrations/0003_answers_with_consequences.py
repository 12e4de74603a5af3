import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0002_records_and_intake"),
        ("recommendations", "0002_feedback_reason_fits_answer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("CLINICIAN", "Clinician"),
                            ("LAB_STAFF", "Lab staff"),
                            ("DATA_SCIENTIST", "Data scientist"),
                            ("ADMINISTRATOR", "Administrator"),
                            ("PATIENT", "Patient"),
                            ("API_CLIENT", "API client"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("daily_capacity", models.PositiveSmallIntegerField(default=20)),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(
                        default=30, help_text="Days in which the same card does not interrupt again"
                    ),
                ),
                (
                    "threshold",
                    models.FloatField(
                        default=0.05,
                        help_text="Risk without the item below which no card interrupts, 0 to 1",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item", models.CharField(help_text="Code of the intervention", max_length=10)),
                ("analyte", models.CharField(help_text="Short name, such as SBP", max_length=20)),
                ("value_before", models.FloatField()),
                ("before_on", models.DateField(null=True)),
                ("predicted_low", models.FloatField()),
                ("predicted_high", models.FloatField()),
                ("scheduled_on", models.DateField()),
                ("due_on", models.DateField()),
                ("value_after", models.FloatField(null=True)),
                ("after_on", models.DateField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="HabitModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fitted_at", models.DateTimeField()),
                ("answers", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                ("items", models.JSONField(help_text="Codes of the interventions, a column each")),
                (
                    "features",
                    models.JSONField(help_text="Names of the person's features, a column each"),
                ),
                (
                    "weights",
                    models.BinaryField(
                        help_text="npz of ml.recommenders.habit.Habit, without pickle"
                    ),
                ),
                ("digest", models.CharField(help_text="SHA-256 of the weights", max_length=64)),
            ],
            options={
                "get_latest_by": "fitted_at",
            },
        ),
        migrations.CreateModel(
            name="Interruption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item", models.CharField(help_text="Code of the intervention", max_length=10)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("CLINICIAN", "Clinician"),
                            ("LAB_STAFF", "Lab staff"),
                            ("DATA_SCIENTIST", "Data scientist"),
                            ("ADMINISTRATOR", "Administrator"),
                            ("PATIENT", "Patient"),
                            ("API_CLIENT", "API client"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("interrupts", "Interrupted"),
                            ("repeated", "Held back: shown before"),
                            ("over_budget", "Held back: budget of the day used"),
                            ("below_threshold", "Held back: risk too low"),
                        ],
                        max_length=15,
                    ),
                ),
                ("is_urgent", models.BooleanField()),
                ("risk", models.FloatField(help_text="Without the item, 0 to 1")),
                (
                    "worth",
                    models.FloatField(help_text="Absolute risk reduction; the larger goes first"),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Repeatability",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("analyte", models.CharField(max_length=20, unique=True)),
                ("mean", models.FloatField()),
                ("sd", models.FloatField()),
                ("correlation", models.FloatField()),
                ("people", models.PositiveIntegerField()),
                ("learned_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ReviewTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("catalogue", "Catalogue entry"),
                            ("data", "Data of a patient"),
                            ("rule", "Rule"),
                        ],
                        max_length=10,
                    ),
                ),
                ("item", models.CharField(help_text="Code of the intervention", max_length=10)),
                ("text", models.CharField(max_length=700)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closing_comment", models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="feedback",
            name="feedback_snoozed_only_when_later",
        ),
        migrations.RemoveConstraint(
            model_name="feedback",
            name="feedback_reason_fits_answer",
        ),
        migrations.AddField(
            model_name="feedback",
            name="place",
            field=models.CharField(
                choices=[
                    ("page", "Patient page"),
                    ("api", "API"),
                    ("cds", "Card in another system"),
                ],
                db_default="page",
                default="page",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="feedback",
            name="reconciled",
            field=models.ForeignKey(
                help_text="The fact that this answer put into the record",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="patients.preventivecare",
            ),
        ),
        migrations.AddField(
            model_name="feedback",
            name="undoes",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="undone_by",
                to="recommendations.feedback",
            ),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="answer",
            field=models.CharField(
                choices=[
                    ("accept", "Accept"),
                    ("modify", "Accept, changed"),
                    ("later", "Not now"),
                    ("decline", "Decline"),
                    ("done", "Done"),
                    ("undo", "Taken back"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="feedback",
            name="reason",
            field=models.CharField(
                choices=[
                    ("agreed", "Agreed with the patient"),
                    ("changed", "Other dose, product or plan"),
                    ("already_done", "Already done"),
                    ("not_suitable", "Not suitable (contraindication)"),
                    ("not_relevant", "Not relevant here"),
                    ("patient_declined", "Patient declined"),
                    ("disagree", "Disagree with the risk"),
                    ("wrong_data", "Wrong data"),
                    ("later", "Another time"),
                    ("mistake", "Answered by mistake"),
                    ("other", "Other"),
                ],
                max_length=20,
            ),
        ),
        AddConstraintNotValid(
            model_name="feedback",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "later"), ("snooze_until__isnull", False)),
                    models.Q(("answer", "decline"), ("reason", "patient_declined")),
                    models.Q(models.Q(("answer", "later"), _negated=True), ("snooze_until", None)),
                    _connector="OR",
                ),
                name="feedback_snoozed_when_later_or_declined_by_patient",
            ),
        ),
        AddConstraintNotValid(
            model_name="feedback",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answer__in", ["accept", "modify", "later", "decline", "done"]),
                        ("reason", "other"),
                    ),
                    models.Q(("answer", "accept"), ("reason", "agreed")),
                    models.Q(("answer", "modify"), ("reason", "changed")),
                    models.Q(("answer", "later"), ("reason__in", ["later", "patient_declined"])),
                    models.Q(
                        ("answer", "decline"),
                        (
                            "reason__in",
                            [
                                "already_done",
                                "not_suitable",
                                "not_relevant",
                                "patient_declined",
                                "disagree",
                                "wrong_data",
                            ],
                        ),
                    ),
                    models.Q(("answer", "done"), ("reason", "already_done")),
                    models.Q(("answer", "undo"), ("reason", "mistake")),
                    _connector="OR",
                ),
                name="feedback_reason_is_one_of_its_answer",
            ),
        ),
        AddConstraintNotValid(
            model_name="feedback",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "undo"), ("undoes__isnull", False)),
                    models.Q(models.Q(("answer", "undo"), _negated=True), ("undoes", None)),
                    _connector="OR",
                ),
                name="feedback_undo_says_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertbudget",
            constraint=models.CheckConstraint(
                condition=models.Q(("threshold__gte", 0), ("threshold__lte", 1)),
                name="alert_threshold_is_a_risk",
            ),
        ),
        migrations.AddField(
            model_name="followup",
            name="feedback",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follow_up",
                to="recommendations.feedback",
            ),
        ),
        migrations.AddField(
            model_name="followup",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follow_ups",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="interruption",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="interruptions",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="interruption",
            name="recommendation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="recommendations.recommendation",
            ),
        ),
        migrations.AddField(
            model_name="reviewtask",
            name="closed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reviewtask",
            name="feedback",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="recommendations.feedback",
            ),
        ),
        migrations.AddField(
            model_name="reviewtask",
            name="patient",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="review_tasks",
                to="patients.patient",
            ),
        ),
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(
                condition=models.Q(("cancelled_at", None), ("value_after", None)),
                fields=["due_on"],
                name="follow_up_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("after_on", None), ("value_after", None)),
                    models.Q(("after_on__isnull", False), ("value_after__isnull", False)),
                    _connector="OR",
                ),
                name="follow_up_achieved_on_a_day",
            ),
        ),
        migrations.AddIndex(
            model_name="interruption",
            index=models.Index(fields=["role", "at"], name="recommendat_role_9ecd69_idx"),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("feedback", None), _negated=True),
                fields=("kind", "feedback"),
                name="review_task_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None), ("kind", "rule")),
                fields=("item",),
                name="one_open_rule_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "data"), ("patient__isnull", False)),
                    models.Q(models.Q(("kind", "data"), _negated=True), ("patient", None)),
                    _connector="OR",
                ),
                name="review_task_of_a_patient_when_about_data",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None),
                    models.Q(("closing_comment", ""), _negated=True),
                    _connector="OR",
                ),
                name="review_task_closed_with_a_comment",
            ),
        ),
    ]
