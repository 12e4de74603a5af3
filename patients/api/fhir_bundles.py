"""FHIR R4 bundles into the record."""

from http import HTTPStatus
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.common.api import Conflict
from patients.api.lab_import_serializers import LabImportSerializer
from patients.labcsv import UnreadableFile
from patients.models import LabImport
from patients.services import fhiruploads, labdrafts, labfiles, labs

REFUSALS = {
    labfiles.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    labfiles.NoSpace: HTTPStatus.INSUFFICIENT_STORAGE,
    UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    fhiruploads.NoBundle: HTTPStatus.UNPROCESSABLE_ENTITY,
}
LONGEST = {"care_team": 100, "source": 60, "mrn_system": 100}


class Refused(APIException):
    def __init__(self, refusal: Exception):
        super().__init__(str(refusal))
        self.status_code = REFUSALS[type(refusal)]


class _Whole(BaseParser):
    """The body as it is: what a number or a text is, the import decides."""

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        return stream.read()


class FhirParser(_Whole):
    media_type = "application/fhir+json"


class PlainJsonParser(_Whole):
    media_type = "application/json"


class NdjsonParser(_Whole):
    media_type = "application/fhir+ndjson"


class FhirBundleView(APIView):
    """Bundles, resources and NDJSON of FHIR R4, read in the background."""

    permission_classes = [IsAuthenticated, may(Permission.LABS_UPLOAD)]
    parser_classes = [FhirParser, PlainJsonParser, NdjsonParser]

    @extend_schema(
        operation_id="fhir_bundles_create",
        parameters=[
            OpenApiParameter("care_team", str, description="Name of the care team of new patients; "
                             "without it only known patients get their data"),
            OpenApiParameter("source", str, description="Who sends; keeps their ids apart"),
            OpenApiParameter("mrn_system", str, description="URI of this site's record numbers"),
        ],
        request={"application/fhir+json": OpenApiTypes.OBJECT},
        responses={
            202: LabImportSerializer,
            409: OpenApiResponse(description="This bundle is here already; the answer says where."),
            413: OpenApiResponse(description="The bundle is too large."),
            422: OpenApiResponse(description="The body is not FHIR in JSON."),
            507: OpenApiResponse(description="There is no room for the bundle."),
        },
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Take a bundle. Follow `Location` until `status` is DONE: it counts resources."""
        lab_import = self._taken(request)
        visible = LabImport.objects.visible_to(request.user)
        fresh = visible.select_related("job", "preview_job", "lab_source")
        return Response(
            LabImportSerializer(fresh.get(pk=lab_import.pk)).data,
            status=HTTPStatus.ACCEPTED,
            headers={"Location": _address(lab_import)},
        )

    def _taken(self, request: ApiRequest) -> LabImport:
        said = {name: _said(request, name) for name in LONGEST}
        body = request.data if isinstance(request.data, bytes) else b""
        try:
            return fhiruploads.take(
                ContentFile(body, name="bundle.json"), by=request.user, now=timezone.now(),
                team=said["care_team"], source=said["source"], mrn_system=said["mrn_system"],
            )  # fmt: skip
        except labs.AlreadyReceived as refusal:
            where = "" if refusal.earlier is None else f" See {_address(refusal.earlier)}"
            raise Conflict(f"{refusal}{where}") from refusal
        except (labdrafts.NoTeam, fhiruploads.NotYourTeam) as refusal:
            raise ValidationError({"care_team": [str(refusal)]}) from refusal
        except tuple(REFUSALS) as refusal:
            raise Refused(refusal) from refusal


def _said(request: ApiRequest, name: str) -> str:
    value = request.query_params.get(name, "")
    if len(value) > LONGEST[name] or not value.isprintable():
        raise ValidationError({name: [f"Use up to {LONGEST[name]} printable characters."]})
    return value


def _address(lab_import: LabImport) -> str:
    return reverse("api-lab-import-detail", kwargs={"public_id": lab_import.public_id})
