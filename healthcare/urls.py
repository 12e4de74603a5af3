"""Every address of the site. Floors bring their own pages and endpoints."""

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from healthcare.accounts import idle
from healthcare.accounts.forms import LoginForm
from healthcare.interop import reference
from healthcare.interop.assess.views import AssessView
from healthcare.portal import health

login = auth_views.LoginView.as_view(
    authentication_form=LoginForm, redirect_authenticated_user=True
)
api: list[URLPattern | URLResolver] = [
    path("", include("patients.api.urls")),
    path("", include("predictions.api.urls")),
    path("", include("recommendations.api.urls")),
    path("assess/", AssessView.as_view(), name="api-assess"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", reference.api_reference, name="api-docs"),
]
handler403 = "patients.views.doors.forbidden"
handler404 = "healthcare.common.api.not_found"
urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("login/stay/", idle.stay, name="stay"),
    path("login/", login_not_required(login), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("api/v1/", include(api)),
    path("", include("patients.urls")),
    path("", include("predictions.urls")),
    path("", include("recommendations.urls")),
    path("", include("healthcare.demo.urls")),
    path("", include("healthcare.portal.urls")),
]
