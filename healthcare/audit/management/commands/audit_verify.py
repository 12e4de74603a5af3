from django.core.management.base import BaseCommand, CommandError

from healthcare.audit import chain
from healthcare.audit.models import AuditEvent, AuditSeal


class Command(BaseCommand):
    help = "Check that no row of the audit trail was changed, deleted or added behind its back."

    def handle(self, **options):
        faults = 0
        for fault in chain.verify():
            faults += 1
            self.stderr.write(fault.sentence)
        sealed = sum(len(ids) for ids in AuditSeal.objects.values_list("ids", flat=True).iterator())
        waiting = AuditEvent.objects.count() - sealed
        self.stdout.write(
            f"{sealed:,} rows in {AuditSeal.objects.count():,} seals, {max(waiting, 0):,} not yet "
            f"sealed, {faults} faults"
        )
        if faults:
            raise CommandError("The audit trail is not as it was sealed; see above.")
