import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.recommenders import content, ranking
from ml.recommenders.ranking import Components, Preferences, Ranked, Weights

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


def row(id_, score, *, first=3, gain=0.0, habit=0.0):
    return Ranked(id_, first, score, Components(0, gain, 0, 0, 0, 0, habit=habit))


def ids(rows):
    return [each.id for each in rows]


def test_habit_settles_what_is_nearly_equal():
    rows = [row("A", 0.41, habit=-0.2), row("B", 0.40, habit=0.4)]
    assert ids(ranking.order(rows, reach=0.03)) == ["B", "A"]


def test_without_a_habit_nothing_moves():
    rows = [row("A", 0.41), row("B", 0.40)]
    assert ids(ranking.order(rows, reach=0.03)) == ["A", "B"]


@pytest.mark.parametrize(
    "better",
    [
        row("A", 0.41, first=1, habit=-1.0),
        row("A", 0.41, gain=0.3, habit=-1.0),
        row("A", 0.45, habit=-1.0),
    ],
    ids=["more urgent", "clearly more benefit", "a better score"],
)
def test_habit_lifts_nothing_over_what_is(better):
    assert ids(ranking.order([better, row("B", 0.40, habit=1.0)], reach=0.03)) == ["A", "B"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1)), max_size=8))
def test_habit_never_turns_a_clear_benefit_round(found):
    rows = [row(f"{n}", score, gain=gain, habit=h) for n, (score, gain, h) in enumerate(found)]
    before, after = ids(ranking.order(rows)), ids(ranking.order(rows, reach=0.2))
    by_id = {each.id: each for each in rows}
    for one in rows:
        for other in rows:
            turned = before.index(one.id) < before.index(other.id) and after.index(
                other.id
            ) < after.index(one.id)
            assert not turned or one.components.gain - by_id[other.id].components.gain < 0.1


SUBJECTS = {"A": ("drug", "lipids"), "B": ("drug", "lipids"), "C": ("test", "liver"),
            "D": ("diet", "lipids"), "E": ("visit", "lipids")}  # fmt: skip


def varied(rows, offered=lambda id_: True, limit=3):
    return ids(ranking.varied(rows, offered, SUBJECTS.__getitem__, limit, 0.06))


def test_a_second_item_of_one_kind_stands_back_for_another_subject_close_behind():
    assert varied([row("A", 0.5), row("B", 0.49), row("C", 0.45)]) == ["A", "C", "B"]


def test_a_third_item_on_one_theme_stands_back():
    rows = [row("A", 0.5), row("D", 0.49), row("E", 0.48), row("C", 0.45)]
    assert varied(rows) == ["A", "D", "C", "E"]


@pytest.mark.parametrize(
    "other",
    [row("C", 0.40), row("C", 0.45, first=4), row("C", 0.45, gain=-0.2)],
    ids=["a far worse score", "less urgent", "clearly less benefit"],
)
def test_variety_never_costs(other):
    assert varied([row("A", 0.5), row("B", 0.49), other]) == ["A", "B", "C"]


def test_what_is_not_offered_is_not_moved_up():
    rows = [row("A", 0.5), row("B", 0.49), row("C", 0.45)]
    assert varied(rows, offered=lambda id_: id_ != "C") == ["A", "B", "C"]


def test_a_declined_feature_outweighs_a_preferred_one():
    wish = Preferences(frozenset({"delivery:app"}), frozenset({"tag:drug"}))
    assert wish.of(frozenset({"delivery:app"})) == 1
    assert wish.of(frozenset({"delivery:app", "tag:drug"})) == -1
    assert wish.of(frozenset({"tag:diet"})) == 0


@pytest.mark.parametrize(
    ("stored", "fault"),
    [
        ({"benefit": "high"}, "must be a number"),
        ({"benefit": float("nan")}, "must be a number"),
        ({"risk": 2}, "between 0 and 1"),
        ({"caution": 0.1}, "between -1 and 0"),
        ({"benefit": 0}, "above 0"),
        ({"popularity": 0.1}, "no weight 'popularity'"),
    ],
)
def test_a_weight_that_cannot_be_one_is_refused(stored, fault):
    with pytest.raises(ValueError, match=fault):
        Weights.of_site(stored)


def test_the_shares_of_the_score_add_up_without_habit():
    components = Components(1, 0.5, 0.2, 0.1, 1, 0.5, 1.0, 0.3, -1.0, 0.7)
    shares = ranking.shares(components, Weights())
    assert sum(shares.values()) - shares["habit"] == pytest.approx(
        ranking.score(components, Weights())
    )
