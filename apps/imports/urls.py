"""Pages of imports."""

from __future__ import annotations

from django.urls import path

from apps.imports import views

app_name = "imports"
urlpatterns = [
    path("imports/", views.run_list, name="run_list"),
    path("imports/<int:pk>/", views.run_detail, name="run_detail"),
    path("imports/<int:pk>/cancel/", views.run_cancel, name="run_cancel"),
    path("imports/<int:pk>/undo/", views.run_undo, name="run_undo"),
    path("imports/<int:pk>/errors/", views.run_errors, name="run_errors"),
    path("imports/mappings/<int:pk>/delete/", views.mapping_delete, name="mapping_delete"),
]
