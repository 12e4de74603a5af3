"""Endpoints of results that somebody must see to."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from healthcare.common.api import Conflict
from patients import tasklist
from patients.api.serializers import ResultSerializer
from patients.models import ResultTask
from patients.services import resulttasks


class ResultTaskSerializer(serializers.ModelSerializer):
    patient = serializers.UUIDField(source="patient.public_id", read_only=True)
    result = ResultSerializer(read_only=True)

    class Meta:
        model = ResultTask
        fields = [
            "id",
            "patient",
            "kind",
            "result",
            "created_at",
            "escalates_at",
            "level",
            "acknowledged_at",
            "comment",
        ]
        read_only_fields = fields


class AcknowledgeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ResultTask
        fields = ["comment"]
        extra_kwargs = {"comment": {"required": False}}


class ResultTaskViewSet(ListModelMixin, GenericViewSet):
    """Open result tasks of the caller's patients: critical first, then the oldest."""

    request: ApiRequest
    permission_classes = [IsAuthenticated, may(Permission.PATIENT_VIEW)]
    serializer_class = ResultTaskSerializer
    queryset = ResultTask.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self):
        return tasklist.tasks(self.request.user)

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        ids = {task.patient_id for task in page or []}
        audit.read("result_tasks.read", patient_ids=ids, by=self.request.user)
        return page

    @extend_schema(
        request=AcknowledgeSerializer,
        responses={
            200: ResultTaskSerializer,
            409: OpenApiResponse(description="The result was corrected or withdrawn since."),
        },
    )
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[IsAuthenticated, may(Permission.RESULT_ACKNOWLEDGE)],
    )
    def acknowledge(self, request: ApiRequest, pk: int) -> Response:
        """Take a result on: who and when is kept. Sending it again changes nothing."""
        form = AcknowledgeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            task = resulttasks.acknowledge(
                ResultTask(pk=pk),
                by=request.user,
                now=timezone.now(),
                comment=form.validated_data.get("comment", ""),
            )
        except ResultTask.DoesNotExist:
            raise Http404 from None
        except resulttasks.NoLongerOpen as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(self.get_serializer(task).data)
