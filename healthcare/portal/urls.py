from django.urls import path

from healthcare.portal.views import home, jobs, my_health, patient, worklist

urlpatterns = [
    path("", home.home, name="home"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("patients/<uuid:public_id>/", patient.patient, name="patient"),
    path("my-health/", my_health.my_health, name="my-health"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:pk>/retry/", jobs.retry, name="job-retry"),
    path("dev/gallery/", home.gallery, name="gallery"),
]
