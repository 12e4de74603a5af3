from django.urls import path

from predictions import views

urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/<int:pk>/", views.model, name="model"),
    path("models/<int:pk>/promote/", views.promote, name="model-promote"),
]
