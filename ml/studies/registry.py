"""The studies by task name."""

from ml.studies import ckd, cvd_death_10y, death_10y, undiagnosed_diabetes
from ml.studies.spec import Study

STUDIES = {
    study.task: study
    for study in (
        undiagnosed_diabetes.STUDY,
        ckd.STUDY,
        death_10y.STUDY,
        cvd_death_10y.STUDY,
    )
}


class UnknownTask(KeyError):
    """No study has this task name."""

    def __init__(self, task: str):
        super().__init__(f"No study is called {task!r}; there are {', '.join(STUDIES)}")


def get(task: str) -> Study:
    """The study of that task; `UnknownTask` when there is none."""
    try:
        return STUDIES[task]
    except KeyError:
        raise UnknownTask(task) from None
