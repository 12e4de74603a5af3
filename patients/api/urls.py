from django.urls import path
from rest_framework.routers import SimpleRouter

from patients.api import exports, fhir_bundles, held, lab_imports, tasks, views, wearables

router = SimpleRouter(use_regex_path=False)
router.register("patients", views.PatientViewSet, basename="api-patient")
router.register("lab-imports", lab_imports.LabImportViewSet, basename="api-lab-import")
router.register("held-results", held.HeldResultViewSet, basename="api-held-result")
router.register("result-tasks", tasks.ResultTaskViewSet, basename="api-result-task")
urlpatterns = [
    path("fhir-bundles/", fhir_bundles.FhirBundleView.as_view(), name="api-fhir-bundles"),
    path(
        "patients/<uuid:patient_id>/export/",
        exports.RecordExportView.as_view(),
        name="api-patient-export",
    ),
    path(
        "patients/<uuid:patient_id>/results/",
        views.PatientResultsViewSet.as_view({"get": "list"}),
        name="api-patient-results",
    ),
    path(
        "patients/<uuid:patient_id>/wearables/",
        wearables.WearableUploadViewSet.as_view({"get": "list", "post": "create"}),
        name="api-wearable-uploads",
    ),
    path(
        "patients/<uuid:patient_id>/wearables/<uuid:public_id>/",
        wearables.WearableUploadViewSet.as_view({"get": "retrieve"}),
        name="api-wearable-upload",
    ),
    *router.urls,
]
