"""The catalogue of interventions as reviewed text files, and how they are read."""

from recommendations.catalogue.entries import (
    Catalogue,
    Change,
    Interaction,
    Intervention,
)
from recommendations.catalogue.loader import load
from recommendations.catalogue.schema import FaultyCatalogue, Problem

__all__ = [
    "Catalogue",
    "Change",
    "FaultyCatalogue",
    "Interaction",
    "Intervention",
    "Problem",
    "load",
]
