"""The log-in form, slow to guess at."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone

from healthcare.accounts import services


class LoginForm(AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This user name and password do not match. Both are case-sensitive.",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.add_input(Submit("log-in", "Log in"))

    def clean(self):
        address = self.request.META.get("REMOTE_ADDR") if self.request else None
        who = {
            "username": self.cleaned_data.get("username", ""),
            "address": address or None,
            "now": timezone.now(),
        }
        try:
            services.check_login_allowed(**who)
        except services.TooManyFailures as refusal:
            raise ValidationError(str(refusal), code="too_many_failures") from refusal
        try:
            return super().clean()
        except ValidationError:
            services.record_login_failure(**who)
            raise
