import factory

from healthcare.accounts.models import CareTeam, User


class CareTeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CareTeam

    name = factory.Sequence("Ward {}".format)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence("user-{}".format)
    role = User.Role.CLINICIAN

    @factory.post_generation
    def care_teams(self, create, extracted, **kwargs):
        if extracted:
            self.care_teams.set(extracted)
