"""What the tour page shows."""

from dataclasses import dataclass

from healthcare.accounts.models import User
from healthcare.demo.stories import STORIES, Story, mrn
from patients.models import Patient, PatientIdentifier


@dataclass(frozen=True, slots=True)
class Stop:
    """One story of the tour; `url` is empty when this user may not see the patient."""

    mrn: str
    story: Story
    url: str


def tour(user: User) -> list[Stop]:
    """Every story in order, with a link where the user may follow it. One query."""
    numbers = [mrn(person) for person in range(len(STORIES))]
    visible = Patient.objects.visible_to(user).filter(is_synthetic=True)
    urls = {
        identifier.value: identifier.patient.get_absolute_url()
        for identifier in PatientIdentifier.objects.filter(
            system=PatientIdentifier.MRN, value__in=numbers, patient__in=visible
        ).select_related("patient")
    }
    return [
        Stop(number, story, urls.get(number, ""))
        for number, story in zip(numbers, STORIES, strict=True)
    ]
