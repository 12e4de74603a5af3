from django.urls import path
from rest_framework.routers import SimpleRouter

from recommendations.api import views

router = SimpleRouter()
router.register("recommendations", views.RecommendationViewSet, basename="api-recommendation")
router.register("feedback", views.FeedbackViewSet, basename="api-feedback")
urlpatterns = [
    path(
        "patients/<uuid:patient_id>/recommendations/",
        views.PatientRecommendationsViewSet.as_view({"get": "list"}),
        name="api-patient-recommendations",
    ),
    *router.urls,
]
