from django.urls import path
from rest_framework.routers import SimpleRouter

from predictions.api import views

router = SimpleRouter()
router.register("predictions", views.PredictionViewSet, basename="api-prediction")
router.register("models", views.ModelVersionViewSet, basename="api-model")
urlpatterns = [
    path(
        "patients/<uuid:patient_id>/predictions/",
        views.PatientPredictionsViewSet.as_view({"get": "list"}),
        name="api-patient-predictions",
    ),
    *router.urls,
]
