"""Filters shared by pages and endpoints."""

import django_filters

from predictions.models import ModelVersion, Prediction


class PredictionFilter(django_filters.FilterSet):
    all = django_filters.BooleanFilter(
        method="with_replaced", label="With those that newer ones have replaced"
    )
    min_risk = django_filters.NumberFilter(field_name="risk", lookup_expr="gte")

    class Meta:
        model = Prediction
        fields = ["task", "tier"]

    def with_replaced(self, rows, name, value):
        return rows  # see filter_queryset: absent must act too

    def filter_queryset(self, queryset):
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("all") else rows.current()


class ModelVersionFilter(django_filters.FilterSet):
    class Meta:
        model = ModelVersion
        fields = ["task", "stage"]
