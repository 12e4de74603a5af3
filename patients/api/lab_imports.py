"""Endpoints of laboratory files: send one, rehearse it, watch it being read, take it back."""

from http import HTTPStatus

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from healthcare.common.api import Conflict
from patients.api.lab_import_serializers import (
    ImportProblemSerializer,
    LabImportSerializer,
    LabUploadSerializer,
    WithdrawalSerializer,
)
from patients.labcsv import UnreadableFile
from patients.labcsv.profile import BadProfile
from patients.models import LabImport
from patients.services import labdrafts, labfiles, labs


class Refused(APIException):
    """A file that is not taken, with the status that says whose turn it is."""

    def __init__(self, status: HTTPStatus, refusal: Exception):
        super().__init__(str(refusal))
        self.status_code = status


REFUSALS = {
    labfiles.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    labfiles.NoSpace: HTTPStatus.INSUFFICIENT_STORAGE,
    UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class LabImportViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Files of laboratory results: send one, watch it being read, see what was refused."""

    request: ApiRequest
    queryset = LabImport.objects.none()
    permission_classes = [IsAuthenticated, may(Permission.LABS_UPLOAD)]
    parser_classes = [MultiPartParser, FormParser, JSONParser]
    serializer_class = LabImportSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self):
        imports = LabImport.objects.visible_to(self.request.user)
        related = imports.select_related("job", "preview_job", "lab_source")
        return related.order_by("-uploaded_at", "-pk")

    @extend_schema(
        request={"multipart/form-data": LabUploadSerializer},
        responses={
            202: LabImportSerializer,
            409: OpenApiResponse(description="This file is here already; the answer says where."),
            413: OpenApiResponse(description="The file is too large."),
            422: OpenApiResponse(description="The file cannot be read as a whole."),
            507: OpenApiResponse(description="There is no room for the file."),
        },
    )
    def create(self, request: ApiRequest) -> Response:
        """Take a file. It is read in the background: follow `Location` until `status` is DONE.

        A table of text (CSV, TSV; gzip too), a spreadsheet, HL7 v2 messages or a FHIR R4 bundle;
        the format is found by what the file holds. With `dry_run` nothing is stored: follow
        `Location` until `preview` says what would be, then send the same file without it or
        call `confirm`.
        """
        form = LabUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        lab_import = self._taken(said)
        if said["dry_run"]:
            labs.request_preview(lab_import, by=request.user)
        else:
            self._start(lab_import)
        return self._accepted(lab_import)

    @extend_schema(request=None, responses={202: LabImportSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: ApiRequest, public_id: str) -> Response:
        """Import a file that was sent with `dry_run`."""
        lab_import = self.get_object()
        if lab_import.job_id is None:
            self._start(lab_import)
        return self._accepted(lab_import)

    @extend_schema(request=WithdrawalSerializer, responses=LabImportSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: ApiRequest, public_id: str) -> Response:
        """Take a file's results back; what was known before it counts again. Twice is once."""
        form = WithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        lab_import = self.get_object()
        if not lab_import.has_ended:
            raise Conflict("This file has not been read to its end yet. Withdraw it afterwards.")
        if lab_import.withdrawn_at is None:
            labs.withdraw(
                lab_import,
                by=request.user,
                now=timezone.now(),
                reason=form.validated_data["reason"],
            )
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(responses=ImportProblemSerializer(many=True))
    @action(detail=True)
    def problems(self, request: ApiRequest, public_id: str) -> Response:
        """Rows that were not stored, with the reason and the repair, in the order of the file."""
        lab_import = self.get_object()
        page = self.paginate_queryset(lab_import.problems.order_by("row", "column"))
        audit.record("lab_import.problems_read", target=lab_import, by=request.user)
        return self.get_paginated_response(ImportProblemSerializer(page, many=True).data)

    def _taken(self, said: dict) -> LabImport:
        wishes = labdrafts.Wishes(
            said["source"], said["unknown_patients"], said["profile"], team=said["team"]
        )
        try:
            return labdrafts.take(said["file"], wishes, by=self.request.user, now=timezone.now())
        except labs.AlreadyReceived as refusal:
            if refusal.earlier is None:
                raise Conflict(str(refusal)) from refusal
            # What was only rehearsed so far may be rehearsed again or imported.
            if refusal.earlier.job_id is None:
                return refusal.earlier
            raise Conflict(f"{refusal} See {self._address(refusal.earlier)}") from refusal
        except labdrafts.NoSource as refusal:
            raise ValidationError({"source": [str(refusal)]}) from refusal
        except labdrafts.NoTeam as refusal:
            raise ValidationError({"team": [str(refusal)]}) from refusal
        except BadProfile as refusal:
            raise ValidationError({"profile": [str(refusal)]}) from refusal
        except tuple(REFUSALS) as refusal:
            raise Refused(REFUSALS[type(refusal)], refusal) from refusal

    def _start(self, lab_import: LabImport) -> None:
        try:
            labdrafts.start(lab_import, by=self.request.user, now=timezone.now())
        except UnreadableFile as refusal:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, refusal) from refusal

    def _accepted(self, lab_import: LabImport) -> Response:
        return Response(
            self.get_serializer(self.get_queryset().get(pk=lab_import.pk)).data,
            status=HTTPStatus.ACCEPTED,
            headers={"Location": self._address(lab_import)},
        )

    def _address(self, lab_import: LabImport) -> str:
        return reverse("api-lab-import-detail", kwargs={"public_id": lab_import.public_id})
