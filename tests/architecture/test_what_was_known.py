"""Features read only what was known: results reach the floors above through one query.

`patients.queries.facts_known_at` asks `Result.objects.as_known_at` and makes the Facts from which
risks and advice are worked out. Whoever filters results otherwise may see a correction before it
came; the few who look at outcomes afterwards are named here with their reason.
"""

import ast

import pytest

from tests.architecture.test_rules import files, tree

ABOVE = files(["predictions", "recommendations"], "**/*.py")
QUERIES = files(["patients"], "queries.py")
MAKE_FACTS = {
    "patients/queries.py": "from the record, as it was known",
    "healthcare/interop/assess/parsing.py": "of somebody who is in no record, from a request",
}
# (file, function): why it may look at results in another way. None of them makes features.
OUTCOMES = {
    ("predictions/services/nightly.py", ""): "asks whether anything changed, not what",
    ("recommendations/services/budget.py", "mattered"): "what came after a card, in hindsight",
    ("recommendations/services/budget.py", "_critical_days"): "what came after it, in hindsight",
    ("recommendations/services/followups.py", "_values"): "whether advice has helped, afterwards",
    ("recommendations/services/followups.py", "untreated_pairs"): "how values come back untreated",
    ("recommendations/services/followups.py", "_drug_days"): "who has such a value at all",
}
MODELS = {"Result", "LatestResult"}
MANAGER = {"all", "filter", "exclude", "current", "values", "values_list", "order_by", "first",
           "last", "latest", "get", "aggregate", "annotate", "known_at", "iterator"}  # fmt: skip
TABLES = ("patients_result", "patients_latest")


def ways_to_results(source):
    """(function, what is written there) of every way to results but `as_known_at`."""
    found = []

    def walk(node, function, parents):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not function:
            function = node.name
        if _is_a_way(node, parents):
            found.append((function, ast.unparse(parents[-1])[:60]))
        types = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for child in ast.iter_child_nodes(node):
            if child not in types:
                walk(child, function, [*parents, node])

    walk(source, "", [])
    return found


def _is_a_way(node, parents):
    chain = [one.attr for one in reversed(parents[-2:]) if isinstance(one, ast.Attribute)]
    if isinstance(node, ast.Name) and node.id in MODELS:
        return chain != ["objects", "as_known_at"]
    if isinstance(node, ast.Attribute) and node.attr in {"results", "latest_results"}:
        return bool(chain) and chain[0] in MANAGER
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value in MODELS or any(table in node.value for table in TABLES)
    return False


@pytest.mark.parametrize("path", [*ABOVE, *QUERIES], ids=str)
def test_results_are_reached_as_they_were_known(path):
    unnamed = [
        (function, said)
        for function, said in ways_to_results(tree(path))
        if (str(path), function) not in OUTCOMES
    ]

    assert unnamed == [], "ask Result.objects.as_known_at, or facts_known_at"


@pytest.mark.parametrize("path", [*ABOVE, *QUERIES, *files(["healthcare"], "**/*.py")], ids=str)
def test_facts_are_made_in_one_place(path):
    makes = {ast.unparse(call.func) for call in ast.walk(tree(path)) if isinstance(call, ast.Call)}

    assert "Facts" not in makes or str(path) in MAKE_FACTS


@pytest.mark.parametrize("where", OUTCOMES, ids=str)
def test_every_exception_is_still_there(where):
    path, function = where

    assert function in {name for name, _ in ways_to_results(tree(path))}


@pytest.mark.parametrize(
    "said",
    [
        "def features(p):\n    return Result.objects.filter(patient=p)",
        "def features(p):\n    return Result.objects.current()",
        "def features(p):\n    rows = Result.objects\n    return rows.all()",
        "def features(p):\n    return p.results.all()",
        "def features(p):\n    return read(Result)",
        "def features(p):\n    return apps.get_model('patients', 'Result')",
        "def features(c):\n    c.execute('SELECT value FROM patients_result')",
        "def features(p):\n    return LatestResult.objects.all()",
    ],
)
def test_another_way_is_found(said):
    assert [function for function, _ in ways_to_results(ast.parse(said))] == ["features"]


def test_the_one_query_is_no_other_way():
    said = "def features(at):\n    return Result.objects.as_known_at(at).filter(patient=1)"

    assert ways_to_results(ast.parse(said)) == []
