import django.contrib.postgres.fields
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_event_is_not_emptied BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_seal_stays BEFORE UPDATE OR DELETE ON audit_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_seal_is_not_emptied BEFORE TRUNCATE ON audit_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
NO_GUARDS = """
DROP TRIGGER audit_event_stays ON audit_auditevent;
DROP TRIGGER audit_event_is_not_emptied ON audit_auditevent;
DROP TRIGGER audit_seal_stays ON audit_auditseal;
DROP TRIGGER audit_seal_is_not_emptied ON audit_auditseal;
DROP FUNCTION audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_at", models.DateTimeField()),
                (
                    "ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="Events, ascending",
                        size=None,
                    ),
                ),
                ("last_id", models.BigIntegerField(db_index=True)),
                (
                    "row_digests",
                    models.BinaryField(help_text="16 bytes of SHA-256 for each event"),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the digest before, the ids and the row digests",
                        max_length=64,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
