from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "healthcare.accounts"
    label = "accounts"

    def ready(self) -> None:
        from healthcare.accounts import idle  # noqa: F401 - hears of every log-in
