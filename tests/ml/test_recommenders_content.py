import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.recommenders import content, ranking
from ml.recommenders.ranking import Components, Ranked, Weights

NAMES = st.sampled_from(["risk:cvd", "tag:bp", "moves:SBP", "tag:diet"])
FEATURES = st.dictionaries(NAMES, st.floats(-1, 1))
NOTHING = Components(0, 0, 0, 0, 0, 0)


def test_the_item_that_matches_the_need_is_nearest():
    space = content.item_space({"walk": {"tag:activity": 1.0}, "salt": {"tag:bp": 1.0}})
    assert space.similarity({"tag:bp": 0.3}) == {"walk": 0.0, "salt": pytest.approx(1.0)}


def test_an_item_that_moves_the_wrong_way_is_opposed():
    space = content.item_space({"steroid": {"moves:HBA1C": 0.5}})
    assert space.similarity({"moves:HBA1C": -1.0})["steroid"] == pytest.approx(-1.0)


def test_a_broad_item_does_not_win_by_its_breadth():
    space = content.item_space({"one": {"tag:bp": 1}, "all": {"tag:bp": 1, "tag:diet": 1}})
    found = space.similarity({"tag:bp": 1.0})
    assert found["one"] > found["all"]


def test_a_person_without_needs_is_similar_to_nothing():
    space = content.item_space({"salt": {"tag:bp": 1.0}})
    assert space.similarity({}) == {"salt": 0.0}
    assert space.similarity({"tag:unheard": 1.0}) == {"salt": 0.0}


@given(st.dictionaries(st.text(max_size=3), FEATURES, min_size=1, max_size=6), FEATURES)
def test_similarity_lies_between_minus_one_and_one(items, needs):
    values = content.item_space(items).similarity(needs).values()
    assert all(-1 - 1e-9 <= value <= 1 + 1e-9 for value in values)


def test_of_several_needs_the_strongest_counts():
    needs = content.strongest([{"a": 0.2, "b": -0.1}, {"a": 0.1, "b": -0.9}])
    assert needs == {"a": 0.2, "b": -0.9}


def test_urgent_items_come_before_any_score():
    rows = [Ranked("A", 1, 99.0, NOTHING), Ranked("B", 0, 0.1, NOTHING)]
    assert [row.id for row in ranking.order(rows)] == ["B", "A"]


def test_ties_are_settled_by_id():
    rows = [Ranked("L02", 1, 0.5, NOTHING), Ranked("L01", 1, 0.5, NOTHING)]
    assert [row.id for row in ranking.order(rows)] == ["L01", "L02"]


def test_a_raised_burden_weight_puts_the_easier_item_first():
    easy, strong = Components(0, 0, 0.4, 0, 1, burden=1.0), Components(0, 0, 0.8, 0, 1, burden=0.2)
    light, heavy = Weights(), Weights(burden=0.9)
    assert ranking.score(strong, light) > ranking.score(easy, light)
    assert ranking.score(strong, heavy) < ranking.score(easy, heavy)


def test_a_major_caution_lowers_the_score():
    cautioned = Components(0, 0, 1, 1, 1, 1, caution=1.0)
    assert ranking.score(cautioned, Weights()) < ranking.score(
        Components(0, 0, 1, 1, 1, 1), Weights()
    )
