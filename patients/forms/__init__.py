from .held import (
    FindPatientForm,
    LocalCodeForm,
    MapCodeForm,
    MapUnitForm,
    MatchForm,
    RejectForm,
    TellForm,
)
from .mapping import MappingForm
from .uploads import ConfirmForm, LabUploadForm, StartForm, WithdrawForm

__all__ = [
    "ConfirmForm",
    "FindPatientForm",
    "LabUploadForm",
    "LocalCodeForm",
    "MapCodeForm",
    "MapUnitForm",
    "MappingForm",
    "MatchForm",
    "RejectForm",
    "StartForm",
    "TellForm",
    "WithdrawForm",
]
