"""Every notebook is paired with its text, imports only what it may, and runs."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext", reason="requirements-science.txt is not installed")
nbclient = pytest.importorskip("nbclient", reason="requirements-science.txt is not installed")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
ALLOWED = {"dataclasses", "datetime", "ml", "numpy", "pandas", "scipy"}
MOST_CPU_SECONDS = 15
# One kernel for all: starting one and importing the libraries takes longer than the notebooks.
RUNNER = """
import json, sys, nbclient, nbformat
code = nbformat.v4.new_code_cell
book, start = nbformat.v4.new_notebook(), {}
for path in sys.argv[1:]:
    start[path] = len(book.cells) + 1
    book.cells.append(code("%reset -f\\nimport time; print(time.process_time())"))
    book.cells += nbformat.read(path, as_version=4).cells
book.cells.append(code("import time; print(time.process_time())"))
nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
marks = [float(cell.outputs[0].text) for cell in book.cells
         if cell.cell_type == "code" and cell.source.endswith("print(time.process_time())")]
shown = {path: sum(len(cell.get("outputs", [])) for cell in book.cells[first:])
         for path, first in start.items()}
seconds = {path: marks[place + 1] - marks[place] for place, path in enumerate(start)}
print(json.dumps({"shown": shown, "seconds": seconds}))
"""


def test_there_is_a_notebook_for_every_step():
    names = {path.stem for path in NOTEBOOKS}
    assert names == {
        "exploration", "analysis", "modelling", "recommendation", "evaluation", "monitoring",
    }  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_both_halves_of_a_pair_say_the_same(path):
    text, book = jupytext.read(path), jupytext.read(path.with_suffix(".ipynb"))
    say = "the pair differs: run `jupytext --to ipynb notebooks/*.py`"
    assert [cell.source for cell in text.cells] == [cell.source for cell in book.cells], say
    assert not any(cell.get("outputs") for cell in book.cells), "commit notebooks without outputs"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_the_library_and_defines_nothing(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported <= ALLOWED
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]


@pytest.mark.svc
def test_every_notebook_runs_from_top_to_bottom_within_its_time(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
                                "IPYTHONDIR": str(tmp_path)}  # fmt: skip
    books = [str(path.with_suffix(".ipynb")) for path in NOTEBOOKS]
    # In a process of its own: a kernel talks over local sockets, which other tests forbid.
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *books],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert set(found["shown"]) == set(books)
    assert min(found["shown"].values()) >= 3
    assert max(found["seconds"].values()) < MOST_CPU_SECONDS
