"""The text of `data/README.md`, made from the catalogue so that the two never differ.

python -m ml.datasets readme > data/README.md
"""

from ml.datasets.catalogue import DATASETS
from ml.datasets.dataset import Dataset

HEAD = """# Data

No clinical data set lies in this repository, and none may be committed. `ml.datasets.load(NAME)`
reads from the folder that the environment variable `CARELENS_DATASETS` names (default:
`../shared/datasets` beside the checkout), `load(NAME, PATH)` from a file of the same form. Tests
that need a set say loudly that they were skipped when it is absent.

```
python -m ml.datasets list                       every set with its terms
python -m ml.datasets show NAME                  terms, traps and columns with units
python -m ml.datasets fetch NAME --to DIR        from the public source, digest checked, resumable
python -m ml.datasets clean NAME --out DIR       cleaned table, log of every change, dictionary
python -m ml.datasets synthetic --people N --out DIR
python -m ml.eda report NAME --out DIR           everything worth knowing, one page
```

What is known of each column (type, unit, meaning, missing codes, permitted values) stands in
`ml/datasets/schemas/NAME.csv`. This page is made from `ml/datasets/catalogue.toml`
(`python -m ml.datasets readme > data/README.md`).

The copies in the default folder hold four fifths of the persons; a fifth, chosen by a hash of the
person's id, is kept back to judge models. Whoever fetches a whole set from its source has those
persons too: never train on them and compare with figures of the kept-back part.

## At a glance

| set | content | terms |
|---|---|---|
"""
TAIL = """
## Made, not found

The demo hospital and the cohorts of `python -m ml.datasets synthetic` are people who never lived.
Their averages, limits and effect sizes are published figures, their correlations our own; outcomes
are drawn from published equations (PREVENT, KFRE). Nothing made may train or judge a model that
serves real people. The digest of the file that each committed model was trained on stands in
`ml/artifacts/*/manifest.json`.

Clinical reference facts (`ml/reference/`, `recommendations/catalogue/`) are text with sources, not
data about people. A clinician has not signed them off; what is unverified is marked and shown so.
"""


def text() -> str:
    """The whole page."""
    rows = "".join(f"| {one.name} | {one.title} | {one.licence} |\n" for one in DATASETS.values())
    return HEAD + rows + "".join(map(_section, DATASETS.values())) + TAIL


def _section(dataset: Dataset) -> str:
    facts = [
        f"Source: {dataset.source}",
        f"Provenance: {dataset.provenance}",
        f"Terms: {dataset.licence}",
        f"Get it: {dataset.obtain}",
        f"Looked for at: {', '.join(f'`{file}`' for file in dataset.files)}",
        *(f"Beware: {trap}" for trap in dataset.traps),
    ]
    return f"\n## {dataset.name}\n\n{dataset.title}\n\n" + "".join(f"- {fact}\n" for fact in facts)
