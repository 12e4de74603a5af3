from django.urls import path

from patients.views import labs

app_name = "patients"
urlpatterns = [
    path("labs/", labs.imports, name="imports"),
    path("labs/upload/", labs.upload, name="upload"),
    path("labs/template.csv", labs.lab_template, name="lab-template"),
    path("labs/<uuid:public_id>/", labs.import_page, name="import"),
    path("labs/<uuid:public_id>/status/", labs.import_status, name="import-status"),
    path("labs/<uuid:public_id>/problems.csv", labs.problems_csv, name="import-problems-csv"),
]
