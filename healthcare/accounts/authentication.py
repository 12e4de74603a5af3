"""API keys: `Authorization: Api-Key ck_…` (or `Bearer ck_…`)."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from healthcare.accounts.models import ApiKey, User

KEYWORDS = {"api-key", "bearer"}


class ApiKeyAuthentication(BaseAuthentication):
    """Sign in the user of a usable key; any other key gets one and the same answer."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() not in KEYWORDS:
            return None
        key = words[1] if len(words) == 2 else ""
        keys = ApiKey.objects.usable(at=timezone.now()).matching(key).select_related("user")
        found = keys.first()
        if found is None:
            raise AuthenticationFailed("The API key is not valid.")
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Api-Key"


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key ck_…`, made by `manage.py create_api_key NAME`.",
        }
