"""The whole record of one patient, for systems that the patient allows it."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from patients.models import Patient
from patients.services import exports


class RecordRenderer(BaseRenderer):
    """Bytes that are JSON already; a refusal is written as everywhere."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return data if isinstance(data, bytes) else JSONRenderer().render(data)


class FhirRenderer(RecordRenderer):
    media_type = "application/fhir+json"
    format = "fhir"


class RecordExportView(APIView):
    """One patient's record: everything that is stored, or a FHIR R4 Bundle."""

    permission_classes = [IsAuthenticated, may(Permission.RECORD_EXPORT)]
    renderer_classes = [RecordRenderer, FhirRenderer]

    @extend_schema(
        operation_id="patients_export_retrieve",
        parameters=[
            OpenApiParameter("format", str, enum=["json", "fhir"], default="json",
                             description="json: every row as stored; fhir: an R4 Bundle"),
        ],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/fhir+json"): OpenApiTypes.OBJECT,
            403: OpenApiResponse(description="The patient has not agreed to sharing."),
        },
    )  # fmt: skip
    def get(self, request: ApiRequest, patient_id) -> Response:
        """The whole record. Another system gets it once the patient has agreed to sharing."""
        visible = Patient.objects.visible_to(request.user)
        patient = get_object_or_404(visible, public_id=patient_id)
        form = request.accepted_renderer.format
        return Response(exports.download(patient, form=form, by=request.user, now=timezone.now()))
