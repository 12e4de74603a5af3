"""Every address of the site, for everyone who must not see it.

A new address fails `test_every_address_is_in_the_table` until somebody has said who may open it.
"""

import datetime as dt

import pytest
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

from healthcare.accounts.models import User
from healthcare.jobs.models import Job
from patients.models import Condition
from predictions.models import ModelVersion, Prediction
from recommendations.models import CatalogueEdit, Recommendation, ReviewTask
from tests.factories import (
    CareTeamFactory,
    DuplicateCandidateFactory,
    EmergencyAccessFactory,
    FeedbackFactory,
    HeldResultFactory,
    LabImportFactory,
    NoticeFactory,
    PatientFactory,
    PatientMergeFactory,
    ResultFactory,
    ResultTaskFactory,
    UserFactory,
)
from tests.factories.recommendations import content
from tests.factories.wearables import WearableUploadFactory

pytestmark = pytest.mark.django_db
Role = User.Role
EVERYONE = set(Role)
CARE = {Role.CLINICIAN, Role.API_CLIENT}
INTAKE = {Role.LAB_STAFF, Role.ADMINISTRATOR}
UPLOAD = INTAKE | {Role.API_CLIENT}
ANSWER = CARE
ACKNOWLEDGE = {Role.CLINICIAN}
MODELS = {Role.CLINICIAN, Role.DATA_SCIENTIST, Role.CATALOGUE_EDITOR, Role.ADMINISTRATOR,
          Role.API_CLIENT}  # fmt: skip
PROMOTE = {Role.DATA_SCIENTIST, Role.ADMINISTRATOR}
QUALITY = {Role.DATA_SCIENTIST, Role.CATALOGUE_EDITOR, Role.ADMINISTRATOR}
OPERATE = {Role.DATA_SCIENTIST, Role.ADMINISTRATOR}
CATALOGUE = {Role.CLINICIAN, Role.DATA_SCIENTIST, Role.CATALOGUE_EDITOR, Role.ADMINISTRATOR}
PUBLIC = {"login", "livez", "readyz"}
CANARY = "Canaryname"
NUMBER = "CANARY-77"

# Who may open an address; the objects in it come from `world`.
TABLE = {
    "home": EVERYONE,
    "logout": EVERYONE,
    "stay": EVERYONE,
    "api-schema": EVERYONE,
    "api-docs": EVERYONE,
    "gallery": EVERYONE,
    "tour": EVERYONE - {Role.PATIENT},
    "tour-demo-day": EVERYONE - {Role.PATIENT},
    "worklist": CARE,
    "patient": CARE,
    "labs": CARE,
    "lab-test": CARE,
    "lab-review": {Role.CLINICIAN},
    "what-if": CARE,
    "timeline": CARE,
    "units": CARE,
    "patients:person": CARE,
    "patients:person-edit": {Role.CLINICIAN},
    "patients:number-add": {Role.CLINICIAN},
    "patients:number-remove": {Role.CLINICIAN},
    "patients:transfer": {Role.CLINICIAN},
    "patients:vital-signs": {Role.CLINICIAN},
    "patients:result-add": {Role.CLINICIAN},
    "patients:record": CARE,
    "patients:fact-add": {Role.CLINICIAN},
    "patients:list-reviewed": {Role.CLINICIAN},
    "patients:fact-correct": {Role.CLINICIAN},
    "patients:fact-remove": {Role.CLINICIAN},
    "my-health": {Role.PATIENT},
    "jobs": OPERATE,
    "job-retry": OPERATE,
    "models": MODELS,
    "model": MODELS,
    "model-promote": PROMOTE,
    "recommendation-answer": ANSWER,
    "patients:tasks": ACKNOWLEDGE,
    "patients:task-acknowledge": ACKNOWLEDGE,
    "patients:notices": EVERYONE,
    "patients:notices-read": EVERYONE,
    "patients:notice-read": EVERYONE,
    "patients:attention": EVERYONE,
    "patients:imports": UPLOAD,
    "patients:upload": UPLOAD,
    "patients:lab-template": UPLOAD,
    "patients:import": UPLOAD,
    "patients:import-status": UPLOAD,
    "patients:import-problems-csv": UPLOAD,
    "patients:import-resources-csv": UPLOAD,
    "patients:import-resources-again": INTAKE,
    "patients:unknown-people": INTAKE,
    "patients:unknown-person": INTAKE,
    "patients:unknown-find": INTAKE,
    "patients:unknown-tell": INTAKE,
    "patients:import-check": UPLOAD,
    "patients:import-mapping": UPLOAD,
    "patients:import-preview": UPLOAD,
    "patients:import-preview-status": UPLOAD,
    "patients:import-preview-again": UPLOAD,
    "patients:import-codes": INTAKE,
    "patients:import-withdraw": UPLOAD,
    "patients:messages": INTAKE,
    "patients:held-results": INTAKE,
    "patients:held-group": INTAKE,
    "patients:held-find": INTAKE,
    "patients:held-match": INTAKE,
    "patients:held-map-code": INTAKE,
    "patients:held-map-unit": INTAKE,
    "patients:held-reject": INTAKE,
    "api-held-result-list": INTAKE,
    "api-held-result-detail": INTAKE,
    "api-held-result-match": INTAKE,
    "api-held-result-map-code": INTAKE,
    "api-held-result-map-unit": INTAKE,
    "api-held-result-reject": INTAKE,
    "api-result-task-list": CARE,
    "api-result-task-acknowledge": ACKNOWLEDGE,
    "patients:my-devices": {Role.PATIENT},
    "patients:wearables": CARE | {Role.PATIENT},
    "patients:wearables-status": CARE | {Role.PATIENT},
    "api-wearable-uploads": CARE | {Role.PATIENT},
    "api-wearable-upload": CARE | {Role.PATIENT},
    "patients:duplicates": {Role.ADMINISTRATOR},
    "patients:duplicate": {Role.ADMINISTRATOR},
    "patients:two-people": {Role.ADMINISTRATOR},
    "patients:unmerge": {Role.ADMINISTRATOR},
    "patients:result-move": {Role.CLINICIAN},
    "patients:result-move-intake": INTAKE,
    "patients:emergency": {Role.CLINICIAN},
    "patients:emergency-to": {Role.CLINICIAN},
    "patients:emergency-end": {Role.CLINICIAN},
    "patients:emergency-review": {Role.ADMINISTRATOR},
    "patients:emergency-looks": {Role.ADMINISTRATOR},
    "patients:emergency-reviewed": {Role.ADMINISTRATOR},
    "patients:looks": {Role.CLINICIAN},
    "patients:consents": {Role.CLINICIAN},
    "patients:export": CARE,
    "patients:export-json": CARE,
    "patients:export-fhir": CARE,
    "patients:cohort": {Role.DATA_SCIENTIST},
    "patients:my-looks": {Role.PATIENT},
    "patients:my-consents": {Role.PATIENT},
    "api-patient-export": CARE,
    "api-fhir-bundles": UPLOAD,
    "api-patient-list": CARE,
    "api-patient-detail": CARE,
    "api-patient-results": CARE,
    "api-patient-predictions": CARE,
    "api-patient-recommendations": CARE,
    "api-prediction-list": CARE,
    "api-recommendation-feedback": ANSWER,
    "api-feedback-undo": ANSWER,
    "recommendation-undo": ANSWER,
    "recommendation-quality": QUALITY,
    "recommendation-compute": QUALITY,
    "alert-budget": QUALITY,
    "recommendation-tasks": {Role.CLINICIAN},
    "recommendation-task-close": QUALITY | {Role.CLINICIAN},
    "feedback-export": {Role.ADMINISTRATOR},
    "recommendation-order": CATALOGUE,
    "recommendation-weights": {Role.CATALOGUE_EDITOR},
    "preferences": {Role.CLINICIAN},
    "my-preferences": {Role.PATIENT},
    "catalogue": CATALOGUE,
    "catalogue-expired": CATALOGUE,
    "catalogue-export": CATALOGUE,
    "catalogue-entry": CATALOGUE,
    "catalogue-edit": CATALOGUE,
    "catalogue-new": {Role.CATALOGUE_EDITOR},
    "catalogue-change": {Role.CATALOGUE_EDITOR},
    "catalogue-renew": {Role.CATALOGUE_EDITOR},
    "catalogue-withdraw": {Role.CATALOGUE_EDITOR},
    "catalogue-to-file": {Role.CATALOGUE_EDITOR},
    "catalogue-decide": {Role.CATALOGUE_EDITOR},
    "api-model-list": MODELS,
    "api-model-detail": MODELS,
    "api-assess": MODELS,
    "api-lab-import-list": UPLOAD,
    "api-lab-import-detail": UPLOAD,
    "api-lab-import-problems": UPLOAD,
    "api-lab-import-confirm": UPLOAD,
    "api-lab-import-withdraw": UPLOAD,
}
HELD = {name for name in TABLE if "held-" in name and not name.endswith(("list", "results"))}
OF_A_BUNDLE = ["patients:unknown-person", "patients:unknown-find", "patients:unknown-tell"]
# Pages of a record that offer emergency access to clinicians of other teams.
WITH_A_WAY_IN = {"patient", "preferences", "patients:looks", "patients:consents",
                 "patients:emergency-end", "patients:wearables", "patients:wearables-status",
                 "patients:export", "patients:export-json", "patients:export-fhir"}  # fmt: skip
# Pages of a record, read and written, that offer the same.
READ_OF_A_RECORD = {"labs", "lab-test", "timeline", "patients:person", "patients:record"}
OF_A_RECORD = READ_OF_A_RECORD | {
    "lab-review", "patients:person-edit", "patients:number-add", "patients:number-remove",
    "patients:transfer", "patients:vital-signs", "patients:result-add", "patients:fact-add",
    "patients:list-reviewed", "patients:fact-correct", "patients:fact-remove",
}  # fmt: skip
# Addresses of one object that belongs to a patient of another team.
OF_A_STRANGER = {
    "patient", "recommendation-answer", "api-patient-detail", "api-patient-results",
    "api-patient-predictions", "api-patient-recommendations", "api-recommendation-feedback",
    "recommendation-undo", "api-feedback-undo",
    "patients:wearables", "patients:wearables-status", "api-wearable-uploads",
    "api-wearable-upload", "patients:export", "patients:export-json", "patients:export-fhir",
    "api-patient-export",
}  # fmt: skip


def addresses(patterns=None, namespace=""):
    """Name and pattern of every address of the site."""
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", pattern
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, inner)


ADDRESSES = {name: pattern for name, pattern in addresses() if name not in PUBLIC}


@pytest.fixture
def world(broker):
    """One patient of another team with one of everything; values of the arguments of URLs."""
    patient = PatientFactory(
        family_name=CANARY, care_team=CareTeamFactory(name="Elsewhere"), mrn=NUMBER
    )
    result = ResultFactory(patient=patient)
    task = ResultTaskFactory(result=result)
    notice = NoticeFactory(result=result)
    version = ModelVersion.objects.create(
        task="ckd", title="CKD", number=1, folder="builtin/ckd", digest="0" * 64, manifest={}
    )
    at = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    common = {"patient": patient, "as_of": at}
    Prediction.objects.create(version=version, task="ckd", reason=CANARY, checked_at=at, **common)
    advice = Recommendation.objects.create(
        item="L01", status="recommended", rank=1, content=content(name=CANARY), **common
    )
    given = FeedbackFactory(recommendation=advice, comment=CANARY)
    review = ReviewTask.objects.create(
        kind="data", item="L01", text=CANARY, patient=patient, opened_at=at
    )
    job = Job.objects.create(kind="test", key="x", queue="imports")
    lab_import = LabImportFactory(file_name=f"{CANARY}.csv")
    held = HeldResultFactory(cells={"mrn": NUMBER, "test_name": CANARY})
    pair = DuplicateCandidateFactory(first=patient, second__family_name=CANARY)
    merge = PatientMergeFactory(survivor=patient, merged=pair.second)
    access = EmergencyAccessFactory(patient=patient, reason=f"{CANARY} is unconscious")
    fact = Condition.objects.create(
        patient=patient, code="gout", label=CANARY, recorded_at=at, source="test"
    )
    draft = CatalogueEdit.objects.create(
        code="L01", part="intervention", kind="withdraw", version=2, reason=CANARY,
        author=UserFactory(), drafted_at=at,
    )  # fmt: skip
    of_record = {"public_id": patient.public_id, "kind": "problems", "pk": fact.pk, "code": "HBA1C"}
    return {
        "patient": {"public_id": patient.public_id},
        **{name: _wanted(name, of_record) for name in OF_A_RECORD},
        "patients:wearables": {"public_id": patient.public_id},
        "patients:wearables-status": {"public_id": patient.public_id},
        "api-wearable-upload": {
            "patient_id": patient.public_id,
            "public_id": WearableUploadFactory(patient=patient, file_name=CANARY).public_id,
        },
        "api-patient-detail": {"public_id": patient.public_id},
        "recommendation-answer": {"pk": advice.pk},
        "api-recommendation-feedback": {"pk": advice.pk},
        "recommendation-undo": {"pk": given.pk},
        "api-feedback-undo": {"pk": given.pk},
        "recommendation-task-close": {"pk": review.pk},
        "feedback-export": {"form": "csv"},
        "model": {"pk": version.pk},
        "model-promote": {"pk": version.pk},
        "api-model-detail": {"pk": version.pk},
        "job-retry": {"pk": job.pk},
        "patients:task-acknowledge": {"pk": task.pk},
        "api-result-task-acknowledge": {"pk": task.pk},
        "patients:notice-read": {"pk": notice.pk},
        **{name: {"pk": held.pk} for name in HELD},
        **{name: {"public_id": lab_import.public_id, "pk": 1} for name in OF_A_BUNDLE},
        **{name: {"public_id": patient.public_id} for name in WITH_A_WAY_IN},
        "patients:emergency-to": {"public_id": patient.public_id},
        "patients:duplicate": {"pk": pair.pk},
        "patients:two-people": {"pk": pair.pk},
        "patients:unmerge": {"pk": merge.pk},
        "patients:emergency-looks": {"pk": access.pk},
        "patients:emergency-reviewed": {"pk": access.pk},
        "patients:result-move": {"pk": result.pk},
        "patients:result-move-intake": {"pk": result.pk},
        "catalogue-edit": {"pk": draft.pk},
        "catalogue-decide": {"pk": draft.pk},
        "code": "L01",
        "part": "intervention",
        "public_id": lab_import.public_id,
        "patient_id": patient.public_id,
    }


def address(name, world):
    if name in world:
        return reverse(name, kwargs=world[name])
    return reverse(name, kwargs=_wanted(name, world))


def _wanted(name, values):
    """Those of the values that an address is made of."""
    wanted = ADDRESSES[name].pattern.converters or ADDRESSES[name].pattern.regex.groupindex
    return {key: values[key] for key in wanted}


def answers(client, url):
    """What the site says to reading and to writing."""
    return [client.get(url), client.post(url, {}), client.delete(url)]


def leaks(response):
    body = b"".join(response) if response.streaming else response.content
    return CANARY.encode() in body or NUMBER.encode() in body


def member(role):
    return UserFactory(role=role, care_teams=[CareTeamFactory()])


def test_every_address_is_in_the_table():
    assert set(ADDRESSES) == set(TABLE)


@pytest.mark.parametrize("name", ADDRESSES)
def test_anonymous_people_see_nothing(client, world, name):
    for response in answers(client, address(name, world)):
        assert response.status_code in {302, 401, 403}
        assert response.status_code != 302 or response.url.startswith("/login/")
        assert not leaks(response)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ADDRESSES)
def test_the_wrong_role_sees_nothing(client, world, name, role):
    if role in TABLE.get(name, ()):
        return
    client.force_login(member(role))

    for response in answers(client, address(name, world)):
        assert response.status_code in {403, 404, 405}
        assert not leaks(response)
