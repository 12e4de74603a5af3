"""Endpoints of patients, their results, and laboratory files."""

from http import HTTPStatus

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from healthcare.common.api import Conflict
from patients.api.serializers import (
    ImportProblemSerializer,
    LabImportSerializer,
    LabUploadSerializer,
    PatientSerializer,
    ResultSerializer,
)
from patients.filters import PatientFilter, ResultFilter
from patients.labcsv import UnreadableFile
from patients.models import LabImport, Patient, Result
from patients.services import labfiles, labs


class Refused(APIException):
    """A file that is not taken, with the status that says whose turn it is."""

    def __init__(self, status: HTTPStatus, refusal: Exception):
        super().__init__(str(refusal))
        self.status_code = status


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


class LabImportViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Files of laboratory results: upload one, watch it being read, see what was refused."""

    request: ApiRequest
    queryset = LabImport.objects.none()
    permission_classes = [IsAuthenticated, may(Permission.LABS_UPLOAD)]
    parser_classes = [MultiPartParser]
    serializer_class = LabImportSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self):
        imports = LabImport.objects.visible_to(self.request.user)
        return imports.select_related("job").order_by("-uploaded_at", "-pk")

    @extend_schema(
        request=LabUploadSerializer,
        responses={
            202: LabImportSerializer,
            409: OpenApiResponse(description="This file is here already; the answer says where."),
            413: OpenApiResponse(description="The file is too large."),
            422: OpenApiResponse(description="The file cannot be read as a whole."),
            507: OpenApiResponse(description="There is no room for the file."),
        },
    )
    def create(self, request: ApiRequest) -> Response:
        """Take a file. It is read in the background: follow `Location` until `status` is DONE."""
        form = LabUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            lab_import = labs.receive(
                upload=form.validated_data["file"], by=request.user, now=timezone.now()
            )
        except labs.AlreadyReceived as refusal:
            raise Conflict(f"{refusal} See {self._address(refusal.earlier)}") from refusal
        except labfiles.TooLarge as refusal:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, refusal) from refusal
        except labfiles.NoSpace as refusal:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, refusal) from refusal
        except UnreadableFile as refusal:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, refusal) from refusal
        return Response(
            self.get_serializer(lab_import).data,
            status=HTTPStatus.ACCEPTED,
            headers={"Location": self._address(lab_import)},
        )

    @extend_schema(responses=ImportProblemSerializer(many=True))
    @action(detail=True)
    def problems(self, request: ApiRequest, public_id: str) -> Response:
        """Rows that were refused, with the reason and the repair, in the order of the file."""
        rows = self.get_object().problems.order_by("row")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ImportProblemSerializer(page, many=True).data)

    def _address(self, lab_import: LabImport) -> str:
        return reverse("api-lab-import-detail", kwargs={"public_id": lab_import.public_id})
