import uuid
from http import HTTPStatus

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from healthcare.common.api import Conflict
from patients.models import Patient
from recommendations.api.serializers import (
    FeedbackSerializer,
    RecommendationSerializer,
    UndoneSerializer,
)
from recommendations.filters import RecommendationFilter
from recommendations.models import Feedback, Recommendation
from recommendations.services import feedback

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="Makes a retry safe."
)


class PatientRecommendationsViewSet(ListModelMixin, GenericViewSet):
    """Current recommendations of one patient, best first."""

    request: ApiRequest
    permission_classes = [IsAuthenticated, may(Permission.PATIENT_VIEW)]
    serializer_class = RecommendationSerializer
    filterset_class = RecommendationFilter
    queryset = Recommendation.objects.none()

    def get_queryset(self):
        visible = Patient.objects.visible_to(self.request.user)
        patient = get_object_or_404(visible, public_id=self.kwargs["patient_id"])
        audit.read("recommendations.read", patient_ids=[patient.pk], by=self.request.user)
        rows = Recommendation.objects.visible_to(self.request.user)
        rows = rows.in_force(timezone.localdate())
        return rows.filter(patient=patient).select_related("patient").order_by("rank")


class RecommendationViewSet(GenericViewSet):
    """Answers to recommendations."""

    request: ApiRequest
    permission_classes = [IsAuthenticated, may(Permission.FEEDBACK_GIVE)]
    serializer_class = FeedbackSerializer
    queryset = Recommendation.objects.none()

    def get_queryset(self):
        return Recommendation.objects.visible_to(self.request.user)

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=FeedbackSerializer,
        responses={201: FeedbackSerializer},
    )
    @action(detail=True, methods=["post"])
    def feedback(self, request: ApiRequest, pk: str) -> Response:
        """Accept, change, decline, put off or say that it is done, with a reason."""
        recommendation = self.get_object()
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key", uuid.uuid4().hex)[:64]
        try:
            stored = feedback.record(
                recommendation,
                **form.validated_data,
                idempotency_key=key,
                place=Feedback.Place.API,
                by=request.user,
                now=timezone.now(),
            )
        except feedback.NotAnswerable as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(self.get_serializer(stored).data, status=HTTPStatus.CREATED)


class FeedbackViewSet(GenericViewSet):
    """Answers that were given."""

    request: ApiRequest
    permission_classes = [IsAuthenticated, may(Permission.FEEDBACK_GIVE)]
    serializer_class = UndoneSerializer
    queryset = Feedback.objects.none()

    def get_queryset(self):
        return Feedback.objects.visible_to(self.request.user)

    @extend_schema(request=None, responses={201: UndoneSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: ApiRequest, pk: str) -> Response:
        """Take back one's own answer, within ten minutes, with what it did."""
        try:
            taken_back = feedback.undo(self.get_object(), by=request.user, now=timezone.now())
        except feedback.NotAnswerable as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(self.get_serializer(taken_back).data, status=HTTPStatus.CREATED)
