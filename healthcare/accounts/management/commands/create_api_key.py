from django.core.management.base import BaseCommand, CommandError

from healthcare.accounts import services
from healthcare.accounts.models import ApiKey, CareTeam, User


class Command(BaseCommand):
    help = "Make an API key for an external system. The key is printed once, as the last line."

    def add_arguments(self, parser):
        parser.add_argument("name", nargs="?", default="api-client", help="name of the system")
        parser.add_argument("--role", choices=User.Role.values, default=User.Role.API_CLIENT)
        parser.add_argument(
            "--care-team", action="append", help="a team whose patients it may see (default: all)"
        )

    def handle(self, *, name, role, care_team, **options):
        if ApiKey.objects.filter(name=name).exists():
            raise CommandError(f"There is a key named {name!r} already. Choose another name.")
        teams = CareTeam.objects.all()
        if care_team:
            teams = teams.filter(name__in=care_team)
            if unknown := set(care_team) - {team.name for team in teams}:
                raise CommandError(f"There is no care team named {', '.join(sorted(unknown))}.")
        key = services.create_api_key(name=name, role=role, care_teams=list(teams))
        self.stderr.write("Keep this key: it cannot be read again. Use it as the header")
        self.stderr.write("Authorization: Api-Key <key>")
        self.stdout.write(key)
