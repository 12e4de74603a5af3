from recommendations import catalogue, engine
from recommendations.unindicated import unindicated
from tests.recommendations.people import person


def found(id_, **known):
    return next(x for x in unindicated(person(**known), catalogue.load()) if x.id == id_)


def test_an_item_that_is_not_indicated_says_by_which_fact():
    insulin = found("M25", has=["t2d"], HBA1C=6.2, GLU=110)
    assert not insulin.is_undetermined
    assert "Hemoglobin A1c 6.2 % (not ≥ 10)" in insulin.reason


def test_an_item_that_hangs_on_a_missing_fact_says_which():
    icosapent = found("M06", has=["t2d"], on=["statin"], age=60, LDL=80)
    assert icosapent.is_undetermined
    assert [need.text for need in icosapent.needs] == ["Order triglycerides"]


def test_every_item_is_either_weighed_or_not_indicated():
    patient = person(has=["t2d"], HBA1C=8, BMI=30)
    weighed = {item.id for item in engine.recommend(patient, catalogue.load()).items}
    rest = {each.id for each in unindicated(patient, catalogue.load())}
    assert weighed | rest == set(catalogue.load().by_id)
    assert weighed & rest == set()
