from django.urls import path

from healthcare.portal.views import (
    home,
    jobs,
    labs,
    my_health,
    patient,
    timeline,
    what_if,
    worklist,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("patients/<uuid:public_id>/", patient.patient, name="patient"),
    path("patients/<uuid:public_id>/labs/", labs.grid, name="labs"),
    path("patients/<uuid:public_id>/labs/review/", labs.review, name="lab-review"),
    path("patients/<uuid:public_id>/labs/<str:code>/", labs.one_test, name="lab-test"),
    path("patients/<uuid:public_id>/timeline/", timeline.timeline, name="timeline"),
    path("patients/<uuid:public_id>/what-if/", what_if.what_if, name="what-if"),
    path("preferences/units/", labs.units, name="units"),
    path("my-health/", my_health.my_health, name="my-health"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:pk>/retry/", jobs.retry, name="job-retry"),
    path("dev/gallery/", home.gallery, name="gallery"),
]
