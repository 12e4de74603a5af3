from django.urls import path, re_path

from recommendations import views
from recommendations.views import catalogue, preferences, weights

urlpatterns = [
    path("recommendations/<int:pk>/answer/", views.answer, name="recommendation-answer"),
    path("recommendations/answers/<int:pk>/undo/", views.undo, name="recommendation-undo"),
    path("recommendations/quality/", views.quality, name="recommendation-quality"),
    path("recommendations/quality/compute/", views.compute, name="recommendation-compute"),
    path("recommendations/alert-budget/", views.alert_budget, name="alert-budget"),
    path("recommendations/tasks/", views.tasks, name="recommendation-tasks"),
    path("recommendations/tasks/<int:pk>/close/", views.close, name="recommendation-task-close"),
    path("recommendations/order/", weights.order, name="recommendation-order"),
    path("recommendations/order/weights/", weights.change, name="recommendation-weights"),
    path("patients/<uuid:public_id>/preferences/", preferences.of_patient, name="preferences"),
    path("my-health/preferences/", preferences.own, name="my-preferences"),
    path("catalogue/", catalogue.entries, name="catalogue"),
    path("catalogue/expired/", catalogue.expired, name="catalogue-expired"),
    path("catalogue/edits.yaml", catalogue.export, name="catalogue-export"),
    re_path(
        r"^catalogue/new/(?P<part>intervention|interaction)/$", catalogue.new, name="catalogue-new"
    ),
    path("catalogue/edits/<int:pk>/", catalogue.edit, name="catalogue-edit"),
    path("catalogue/edits/<int:pk>/decide/", catalogue.decide, name="catalogue-decide"),
    path("catalogue/<str:code>/", catalogue.entry, name="catalogue-entry"),
    path("catalogue/<str:code>/change/", catalogue.change, name="catalogue-change"),
    path("catalogue/<str:code>/renew/", catalogue.renew, name="catalogue-renew"),
    path("catalogue/<str:code>/withdraw/", catalogue.withdraw, name="catalogue-withdraw"),
    path("catalogue/<str:code>/back-to-file/", catalogue.back_to_file, name="catalogue-to-file"),
    re_path(
        r"^recommendations/feedback\.(?P<form>csv|json)$", views.export, name="feedback-export"
    ),
]
