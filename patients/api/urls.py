from django.urls import path
from rest_framework.routers import SimpleRouter

from patients.api import views

router = SimpleRouter(use_regex_path=False)
router.register("patients", views.PatientViewSet, basename="api-patient")
router.register("lab-imports", views.LabImportViewSet, basename="api-lab-import")
urlpatterns = [
    path(
        "patients/<uuid:patient_id>/results/",
        views.PatientResultsViewSet.as_view({"get": "list"}),
        name="api-patient-results",
    ),
    *router.urls,
]
