from django.urls import path

from recommendations import views

urlpatterns = [
    path("recommendations/<int:pk>/answer/", views.answer, name="recommendation-answer"),
]
