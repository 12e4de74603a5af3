"""What resources of one file say for others of it: names of patients, drugs, reports.

Kept in memory for the length of an import, so no more of it than is needed: names of patients
that differ from what they are known by here, and reports of those observations alone that do not
say themselves whose they are and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from patients.fhir import meaning, references, strict, treatment
from patients.fhir.elements import Concept, Fault, children, text
from patients.fhir.reading import Entry, UnreadableBundle

# Types of which others of the file say something.
TELLING = ("Patient", "Medication", "DiagnosticReport")


MOST_NAMES = 400_000
TOO_MANY = (
    f"The file has more than {MOST_NAMES:,} patients, drugs and observations that leave something "
    "to a report. Send it in parts, each with its patients."
)
# What an observation may leave to its report.
LEFT_TO_REPORTS = ("subject", "effective", "issued")


@dataclass
class Index:
    """What a file holds, from a first look at all of it, and a second one if `is_silent`."""

    total: int = 0
    patients: int = 0
    aliases: dict[str, str] = field(default_factory=dict)
    # Digests of patients that are named within the file alone, by their names.
    versions: dict[str, set[str]] = field(default_factory=dict)
    drugs: dict[str, Concept] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Hashes of the names of observations that leave something to a report: two alike do no harm.
    silent: set[int] = field(default_factory=set)
    has_reports: bool = False

    def note(self, entry: Entry, namespace: str) -> None:
        """Count a resource, and keep what it says of others. A broken one is refused later.

        Raises UnreadableBundle for a file that says more of others than memory is for.
        """
        kind = entry.resource.get("resourceType")
        self.total += 1
        self.patients += kind == "Patient"
        self.has_reports |= kind == "DiagnosticReport"
        try:
            if kind in {"Patient", "Medication"}:
                self._note_names(entry, namespace)
            elif kind == "Observation" and _leaves_something(entry.resource):
                name = references.identity(entry.resource, entry.full_url, namespace)
                self.silent.add(hash(name))
        except Fault:
            return
        kept = (self.silent, self.aliases, self.versions, self.drugs)
        if sum(map(len, kept)) > MOST_NAMES:
            raise UnreadableBundle(TOO_MANY)

    @property
    def wants_reports(self) -> bool:
        """Whether what reports say has to be noted, too."""
        return self.has_reports and bool(self.silent)

    def note_report(self, entry: Entry, namespace: str) -> None:
        """Keep what a report says of silent observations."""
        if entry.resource.get("resourceType") != "DiagnosticReport":
            return
        try:
            told = meaning.told_by_report(entry.resource)
            for result in children(entry.resource, "result"):
                reference = text(result, "reference")
                for name in references.meant(reference, entry.full_url, namespace):
                    if hash(name) in self.silent:
                        self.reports[name] = told
        except Fault:
            return

    def _note_names(self, entry: Entry, namespace: str) -> None:
        """By which names a patient or a drug is referred to."""
        identity = references.identity(entry.resource, entry.full_url, namespace)
        names = references.names(entry.resource, entry.full_url, namespace)
        if entry.resource["resourceType"] == "Patient":
            self.aliases |= dict.fromkeys(names - {identity}, identity)
            if not references.is_global(identity):
                self.versions.setdefault(identity, set()).add(strict.digest(entry.resource))
            return
        address = f"Medication/{entry.resource.get('id', '')}"
        drug = treatment.drug_named(entry.resource)
        self.drugs |= dict.fromkeys({*names, address, entry.full_url}, drug)


def _leaves_something(resource: dict[str, Any]) -> bool:
    return not all(any(name.startswith(stem) for name in resource) for stem in LEFT_TO_REPORTS)
