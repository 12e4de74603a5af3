"""Endpoints of wearable exports: send one for a patient, see what came of it."""

from http import HTTPStatus
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from healthcare.jobs.models import Job
from patients.models import Patient, WearableUpload
from patients.services import labfiles, wearables

REFUSALS = {
    labfiles.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    labfiles.NoSpace: HTTPStatus.INSUFFICIENT_STORAGE,
}


class Refused(APIException):
    """A file that is not taken, with the status that says whose turn it is."""

    def __init__(self, refusal: Exception):
        super().__init__(str(refusal))
        self.status_code = REFUSALS[type(refusal)]


class WearableFileSerializer(serializers.Serializer):
    file = serializers.FileField(
        help_text="export.zip or export.xml of Apple Health, JSON of Health Auto Export, or a CSV "
        "with the headings day, steps, active_minutes, resting_heart_rate, sleep_hours, "
        "heart_rate_variability, oxygen_saturation, source"
    )


class WearableProblemSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="Line or record; 0: a sum of several")
    column = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    repair = serializers.CharField()
    seen = serializers.CharField()


class WearableOutcomeSerializer(serializers.Serializer):
    days = serializers.IntegerField(help_text="new + changed + same")
    new = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="The earlier values stay in the history")
    same = serializers.IntegerField()
    refused = serializers.IntegerField()
    ignored_types = serializers.DictField(child=serializers.IntegerField())
    problems = WearableProblemSerializer(many=True)


class WearableUploadSerializer(serializers.ModelSerializer):
    status = serializers.ChoiceField(source="job.status", choices=Job.Status.choices)
    failure = serializers.CharField(source="job.failure")
    outcome = WearableOutcomeSerializer(allow_null=True)

    class Meta:
        model = WearableUpload
        fields = ["public_id", "uploaded_at", "size", "status", "failure", "outcome"]
        read_only_fields = fields


class WearableUploadViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Exports of one patient's devices, newest first; a day is a row, marked as their own."""

    request: ApiRequest
    queryset = WearableUpload.objects.none()
    permission_classes = [IsAuthenticated, may(Permission.WEARABLES_UPLOAD)]
    parser_classes = [MultiPartParser]
    serializer_class = WearableUploadSerializer
    lookup_field = "public_id"

    def get_queryset(self) -> Any:
        patient = self._patient()
        audit.read("wearables.read", patient_ids=[patient.pk], by=self.request.user)
        rows = WearableUpload.objects.visible_to(self.request.user).filter(patient=patient)
        return rows.select_related("job").order_by("-uploaded_at", "-pk")

    @extend_schema(
        request={"multipart/form-data": WearableFileSerializer},
        responses={
            202: WearableUploadSerializer,
            413: OpenApiResponse(description="The file is too large."),
            507: OpenApiResponse(description="There is no room for the file."),
        },
    )
    def create(self, request: ApiRequest, **path: Any) -> Response:
        """Take an export. It is read in the background: follow `Location` until it is DONE."""
        patient = self._patient()
        form = WearableFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            upload = wearables.receive(
                upload=form.validated_data["file"],
                patient=patient,
                by=request.user,
                now=timezone.now(),
            )
        except tuple(REFUSALS) as refusal:
            raise Refused(refusal) from None
        url = reverse(
            "api-wearable-upload", args=[patient.public_id, upload.public_id], request=request
        )
        return Response(
            self.get_serializer(upload).data,
            status=HTTPStatus.ACCEPTED,
            headers={"Location": url},
        )

    def _patient(self) -> Patient:
        visible = Patient.objects.visible_to(self.request.user)
        return get_object_or_404(visible, public_id=self.kwargs["patient_id"])
