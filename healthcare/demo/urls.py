from django.urls import path

from healthcare.demo import views

urlpatterns = [
    path("tour/", views.tour, name="tour"),
    path("tour/demo-day.csv", views.demo_day, name="tour-demo-day"),
]
