from django.shortcuts import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from patients.models import Patient
from predictions.api.serializers import (
    ModelVersionSerializer,
    ModelVersionSummarySerializer,
    PredictionSerializer,
)
from predictions.filters import ModelVersionFilter, PredictionFilter
from predictions.models import ModelVersion, Prediction


class PatientPredictionsViewSet(ListModelMixin, GenericViewSet):
    """Current predictions of one patient; `?all=true` adds those replaced since."""

    request: ApiRequest
    permission_classes = [IsAuthenticated, may(Permission.PATIENT_VIEW)]
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter
    queryset = Prediction.objects.none()

    def get_queryset(self):
        visible = Patient.objects.visible_to(self.request.user)
        patient = get_object_or_404(visible, public_id=self.kwargs["patient_id"])
        audit.read("predictions.read", patient_ids=[patient.pk], by=self.request.user)
        rows = Prediction.objects.visible_to(self.request.user).filter(patient=patient)
        return rows.select_related("version", "patient").order_by("task", "-as_of")


class PredictionViewSet(ListModelMixin, GenericViewSet):
    """Current predictions of every patient the caller may see, riskiest first."""

    request: ApiRequest
    permission_classes = [IsAuthenticated, may(Permission.PATIENT_VIEW)]
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter
    queryset = Prediction.objects.none()

    def get_queryset(self):
        rows = Prediction.objects.visible_to(self.request.user).select_related("version", "patient")
        return rows.order_by("task", "-risk", "patient")

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        ids = [row.patient_id for row in page or []]
        audit.read("predictions.listed", patient_ids=ids, by=self.request.user)
        return page


class ModelVersionViewSet(ReadOnlyModelViewSet):
    """Registered models; one of each task serves."""

    permission_classes = [IsAuthenticated, may(Permission.MODEL_VIEW)]
    filterset_class = ModelVersionFilter
    queryset = ModelVersion.objects.order_by("task", "-number")

    def get_serializer_class(self):
        return ModelVersionSummarySerializer if self.action == "list" else ModelVersionSerializer
