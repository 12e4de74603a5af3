"""How lists of this app may be narrowed, the same for pages and endpoints."""

from typing import Any

import django_filters
from django.db.models import Q

from ml import analytes
from patients.models import Patient, PatientIdentifier, Result


class PatientFilter(django_filters.FilterSet):
    identifier = django_filters.CharFilter(
        method="by_identifier", label="Namespace and number, such as mrn|CL-000001"
    )
    search = django_filters.CharFilter(
        method="by_text", label="Beginning of a name, or a whole number"
    )

    class Meta:
        model = Patient
        fields: list[str] = []

    def by_identifier(self, patients, name: str, text: str):
        system, _bar, value = text.rpartition("|")
        system = system or PatientIdentifier.MRN
        return patients.filter(identifiers__system=system, identifiers__value=value.strip())

    def by_text(self, patients, name: str, text: str):
        is_named = Q(family_name__istartswith=text) | Q(given_name__istartswith=text)
        return patients.filter(is_named | Q(identifiers__value=text)).distinct()


class ResultFilter(django_filters.FilterSet):
    code = django_filters.CharFilter(
        method="by_code", label="Short name, LOINC code or synonym of the test"
    )
    since = django_filters.IsoDateTimeFilter(
        field_name="collected_at", lookup_expr="gte", label="Collected at or after"
    )
    history = django_filters.BooleanFilter(
        method="unchanged", label="Also versions that were replaced, cancelled or in error"
    )

    class Meta:
        model = Result
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data["history"] else found.current()

    def by_code(self, results, name: str, text: str):
        analyte = analytes.resolve(text)
        return results.filter(analyte__code=analyte.code) if analyte else results.none()

    def unchanged(self, results, name: str, value: bool):
        return results
