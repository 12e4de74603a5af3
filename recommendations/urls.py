from django.urls import path, re_path

from recommendations import views

urlpatterns = [
    path("recommendations/<int:pk>/answer/", views.answer, name="recommendation-answer"),
    path("recommendations/answers/<int:pk>/undo/", views.undo, name="recommendation-undo"),
    path("recommendations/quality/", views.quality, name="recommendation-quality"),
    path("recommendations/tasks/", views.tasks, name="recommendation-tasks"),
    path("recommendations/tasks/<int:pk>/close/", views.close, name="recommendation-task-close"),
    re_path(
        r"^recommendations/feedback\.(?P<form>csv|json)$", views.export, name="feedback-export"
    ),
]
