"""Files of FHIR taken apart, and what JSON allows and FHIR does not."""

import datetime as dt
import gzip
import io
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.fhir import meaning, person, reading, references, strict
from patients.fhir.elements import Fault, day, last_day, middle, moment_text
from patients.fhir.reading import UnreadableBundle

TODAY = dt.date(2026, 3, 10)
UUID = "0b3c1a52-2d40-4a6b-9d0a-0123456789ab"
PATIENT = {"resourceType": "Patient", "id": "a"}


def entries(content):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(reading.entries(io.BytesIO(content)))


def bundle(count):
    inside = [
        {"fullUrl": f"urn:x:{n}", "resource": {**PATIENT, "id": str(n)}} for n in range(count)
    ]
    return {"resourceType": "Bundle", "type": "batch", "entry": inside, "total": count}


@pytest.mark.parametrize("count", [0, 1, 3, 3000])
def test_a_bundle_of_any_size_is_read_entry_by_entry(count):
    found = entries(bundle(count))
    assert [(one.place, one.full_url) for one in found] == [
        (n + 1, f"urn:x:{n}") for n in range(count)
    ]


@pytest.mark.parametrize(
    "dress",
    [
        gzip.compress,
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: json.dumps(json.loads(content), indent=4).encode(),
        lambda content: json.dumps(dict(reversed(json.loads(content).items()))).encode(),
    ],
)
def test_it_is_the_same_bundle_in_every_dress(dress):
    content = json.dumps(bundle(3)).encode()
    assert entries(dress(content)) == entries(content)


def test_ndjson_holds_resources_and_bundles():
    content = "\n".join([json.dumps(PATIENT), "", json.dumps(bundle(2)), "null"]).encode()
    assert [bool(one.resource) for one in entries(content)] == [True, True, True, False]


def test_one_resource_is_a_file_too():
    assert entries(PATIENT)[0].resource == PATIENT


def test_a_list_of_the_record_is_no_bundle():
    found = entries({"resourceType": "List", "entry": [{"item": {"display": "x"}}]})
    assert [one.resource["resourceType"] for one in found] == ["List"]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"{}", b'{"a": 1}', b"mrn;code", b"\xff\xfe{\x00}\x00",
        b'{"resourceType": "Bundle", "entry": [{"resource": {}}]} more',
        b'{"resourceType": "Patient", "x": NaN}',
        b'{"resourceType": "Patient", "x": ' + b"[" * 100_000,
        gzip.compress(json.dumps(bundle(9)).encode())[:-9],
    ],
)  # fmt: skip
def test_what_is_no_whole_fhir_file_is_refused_with_a_sentence(content):
    with pytest.raises(UnreadableBundle, match=r"\."):
        entries(content)


def test_a_bomb_is_refused_when_it_has_unpacked_enough(monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1_000_000)
    with pytest.raises(UnreadableBundle, match="unpacks to more"):
        entries(gzip.compress(b'{"resourceType": "Patient", "x": "' + b" " * 5_000_000 + b'"}'))


def test_numbers_keep_their_digits_both_ways():
    (one,) = entries(b'{"resourceType": "X", "value": [7.10, 1e-7, 12345678901234567890.5]}')
    assert one.resource["value"][0] == Decimal("7.10")
    assert strict.dumps(one.resource) == (
        '{"resourceType":"X","value":[7.10,1E-7,12345678901234567890.5]}'
    )


@given(st.text())
def test_a_text_cannot_pass_for_a_number(words):
    assert json.loads(strict.dumps({"x": words})) == {"x": words}


@pytest.mark.parametrize(
    "extra",
    [
        '"name": null', '"name": []', '"name": {}', '"gender": ""', '"name": [null]',
        '"id": "a b"', '"gender": "\\u0000"', '"gender": "\\ud800"', '"x": 1e999',
        '"active": true, "active": false', '"name": [{"given": ["A", null]}]',
    ],
)  # fmt: skip
def test_what_fhir_forbids_is_found_in_a_resource(extra):
    (one,) = entries(f'{{"resourceType": "Patient", {extra}}}'.encode())
    with pytest.raises(Fault):
        strict.check(one.resource)


def test_a_gap_that_only_an_extension_fills_is_allowed():
    gap = {"given": ["A", None], "_given": [None, {"id": "x"}]}
    strict.check({**PATIENT, "name": [gap]})


def test_the_digest_is_of_what_is_said_and_not_of_its_order():
    assert strict.digest({"a": 1, "b": 2}) == strict.digest({"b": 2, "a": 1})
    assert strict.digest({"a": Decimal("7.1")}) != strict.digest({"a": "7.1"})


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026", "2026-07-01", "2026-12-31"),
        ("2026-02", "2026-02-15", "2026-02-28"),
        ("2026-02-03", "2026-02-03", "2026-02-03"),
        ("2026-02-03T23:30:00-05:00", "2026-02-03", "2026-02-03"),
    ],
)
def test_a_partial_date_means_its_middle_and_ends_with_its_end(written, first, last):
    assert (str(day(written, "x")), str(last_day(written, "x"))) == (first, last)


def test_a_date_says_how_exact_it_is():
    assert [middle(text, "x")[1] for text in ("2026", "2026-01", "2026-01-01")] == [
        "year", "month", "day"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "written", ["2026-02-30", "2026-13", "26-01-01", "2026-02-03T08:00:00", 20260203, "yesterday"]
)
def test_what_is_no_date_of_fhir_is_refused(written):
    with pytest.raises(Fault):
        moment_text(written, "x")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"urn:uuid:{UUID.upper()}", f"urn:uuid:{UUID}"),
        (f"https://a.org/fhir/Patient/{UUID}", f"urn:uuid:{UUID}"),
        (f"Patient/{UUID}", f"urn:uuid:{UUID}"),
        ("https://a.org/fhir/Patient/7/_history/2", "https://a.org/fhir/Patient/7"),
        ("Patient/7", "source:A/Patient/7"),
    ],
)  # fmt: skip
def test_a_resource_has_one_name_wherever_it_lives(address, name):
    assert references.canonical(address, "source:A") == name


def test_a_subject_that_is_no_patient_owns_nothing():
    group = {"resourceType": "Observation", "subject": {"reference": "Group/1"}}
    assert references.owner(group, "", "") is None


def test_a_maiden_name_is_not_what_somebody_is_called():
    names = [
        {"use": "maiden", "family": "Old"},
        {"use": "official", "family": "New", "given": ["A", "B"]},
    ]
    said = person.read({**PATIENT, "name": names, "birthDate": "1960-05"})
    assert (said.family_name, said.given_name) == ("New", "A B")
    assert (str(said.birth_date), said.birth_date_precision) == ("1960-05-15", "month")


def test_sex_at_birth_comes_before_gender_and_other_is_not_recorded():
    at_birth = {"url": f"{person.US_CORE}us-core-birthsex", "valueCode": "F"}
    assert person.read({**PATIENT, "gender": "male", "extension": [at_birth]}).sex == "female"
    assert person.read({**PATIENT, "gender": "other"}).sex == "unknown"


SEEDS = [
    {"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}],
     "name": [{"family": "A", "given": ["B"]}], "birthDate": "1960-05-17"},
    {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system":
     "http://loinc.org", "code": "2339-0"}]}, "subject": {"reference": "Patient/a"},
     "effectiveDateTime": "2026-01-01", "valueQuantity": {"value": 5, "unit": "mg/dL"},
     "referenceRange": [{"low": {"value": 3}}], "component": [{"code": {"text": "x"}}]},
    {"resourceType": "Condition", "code": {"text": "Gout"}, "subject": {"reference": "Patient/a"},
     "onsetPeriod": {"start": "2025", "end": "2026"}, "clinicalStatus": {"coding": [{"code":
     "x"}]}},
    {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
     "medicationCodeableConcept": {"text": "aspirin"}, "subject": {"reference": "Patient/a"},
     "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": "2026"}}}}]},
    {"resourceType": "QuestionnaireResponse", "status": "completed", "authored": "2026-01-01",
     "item": [{"linkId": "1", "answer": [{"valueCoding": {"code": "x"}}]}]},
    {"resourceType": "DiagnosticReport", "status": "final", "contained": [{"resourceType":
     "Observation", "id": "o", "status": "final", "code": {"text": "x"}, "valueString": "y"}]},
    {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"},
     "period": {"start": "2026-01-01", "end": "2026-01-02"}, "reasonCode": [{"text": "x"}]},
]  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("2026-13-45")
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner)
)


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in inside:
            yield from places(inner, (*path, key))


@settings(max_examples=300)
@given(st.data())
def test_whatever_stands_in_a_resource_it_is_read_or_refused_by_name(data):
    resource = json.loads(json.dumps(data.draw(st.sampled_from(SEEDS))))
    *path, last = data.draw(st.sampled_from([path for path in places(resource) if path]))
    inside = resource
    for key in path:
        inside = inside[key]
    inside[last], fault = data.draw(ANYTHING), None
    try:
        strict.check(resource)
        references.owner(resource, "", "")
        if resource["resourceType"] == "Patient":
            assert person.read(resource)
        else:
            assert meaning.of(resource, "", received_on=TODAY, drugs={})
    except Fault as refusal:
        fault = refusal
    assert fault is None or (fault.message and fault.repair)
