"""Filters shared by pages and endpoints."""

import django_filters

from recommendations.models import Recommendation


class RecommendationFilter(django_filters.FilterSet):
    class Meta:
        model = Recommendation
        fields = ["status", "item"]
