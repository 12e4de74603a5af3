"""Endpoints of patients and their results."""

from django.shortcuts import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from patients.api.serializers import (
    PatientSerializer,
    ResultSerializer,
)
from patients.filters import PatientFilter, ResultFilter
from patients.models import Patient, Result


class PatientViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Patients of the caller's care teams. Each page read is recorded."""

    request: ApiRequest
    queryset = Patient.objects.none()
    permission_classes = [IsAuthenticated, may(Permission.PATIENT_VIEW)]
    serializer_class = PatientSerializer
    filterset_class = PatientFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self):
        patients = Patient.objects.visible_to(self.request.user)
        return patients.select_related("care_team").prefetch_related("identifiers").order_by("pk")

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        ids = [patient.pk for patient in page or []]
        audit.read("patients.listed", patient_ids=ids, by=self.request.user)
        return page

    def retrieve(self, request: Request, *args, **kwargs) -> Response:
        patient = self.get_object()
        audit.read("patient.read", patient_ids=[patient.pk], by=self.request.user)
        return Response(self.get_serializer(patient).data)


class PatientResultsViewSet(ListModelMixin, GenericViewSet):
    """Results of one patient, newest first; `?history=true` adds versions that do not count."""

    request: ApiRequest
    queryset = Result.objects.none()
    permission_classes = [IsAuthenticated, may(Permission.PATIENT_VIEW)]
    serializer_class = ResultSerializer
    filterset_class = ResultFilter

    def get_queryset(self):
        visible = Patient.objects.visible_to(self.request.user)
        patient = get_object_or_404(visible, public_id=self.kwargs["patient_id"])
        audit.read("results.read", patient_ids=[patient.pk], by=self.request.user)
        rows = Result.objects.visible_to(self.request.user).filter(patient=patient)
        return rows.select_related("analyte").order_by("-collected_at", "-issued_at", "-pk")
