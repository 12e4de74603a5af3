"""Names for people who never lived, and the teams that look after them."""

import numpy as np
import pandas as pd

FAMILY = tuple(
    """
    Abbeydown Alderwick Ambervale Ashcombe-Fell Barrowmere Beckwood Birchanger Blackmoss
    Bramblecote Brightwater Brooksby Calderhurst Carrowby Cedarholm Chalkstone Clovermede
    Coppergate Corvane Cranleigh-Dow Dappledon Deepwell Dewhollow Dunmarrow Eastermoor
    Elderflint Emberley Fairwick Fallowden Farthingale-Roe Fenwater Flaxborne Foxgrange
    Frostwick Gablethorn Glenhaven Goldmarsh Greyfallow Halewater Harrowmint Hawksmede
    Hazelbrook Heatherlow Hollowell Honeycombe-Lea Inglemoor Ivydale Juniperhall Kestrelby
    Kingsmoss Larkhollow Lavenhurst Lindenshaw Longmarrow Maplecroft Marlowgate Meadowsong
    Merriwold Millhaven Mosswick Netherfern Nightingale-Poe Northmere Oakenshade
    Orchardson-Ray Ottermead Pebblebrook Pinecastle Plumstone Quarrymead Quincewood Ravensley
    Redfallow Rookhaven Rosemeade Rushwater Saffronley Sandholme Silverbeck Sorrelby
    Starlingford Stonewether Summerdale Sycamore-Lune Tamarisk Thistlecombe Thornbury-Wae
    Underwillow Valleycroft Violetmoor Wagtailby Wainfleet-Orr Waterlow Weatherstone
    Westermoss Whinfield Whitefallow Wildmarrow Willowstead Winterbourne-Ash Woolhaven
    Wrenfield Yarrowgate Yewdale
    """.split()  # noqa: SIM905 - a list of words reads and diffs better as text
)
FEMALE = tuple(
    """
    Adela Agnes Amina Beatrix Bronwen Carmela Celeste Dalia Delphine Elowen Esther Fatima
    Fiona Greta Hana Ines Iris Jasmin Jolanda Kavya Leonie Lucia Mabel Marisol Mei Nadia Nora
    Odile Paloma Petra Rosalind Ruth Sanna Selma Tamsin Thea Uma Verity Willa Yara
    """.split()  # noqa: SIM905
)
MALE = tuple(
    """
    Ambrose Anton Arjun Basil Bertram Cedric Cosmo Darius Dmitri Elias Emeka Felix Fergus
    Gideon Hamid Hector Ivo Jago Joaquin Kenji Lambert Leopold Luca Magnus Mateo Nestor Ollie
    Osric Pascal Quentin Rafe Rohan Silas Soren Tarek Theo Umar Viggo Wendell Zoltan
    """.split()  # noqa: SIM905
)
NORTH, SOUTH, CARDIOLOGY = TEAMS = ("North Clinic", "South Clinic", "Cardiology")
HEART = ("mi", "cad", "hfref", "afib")
AT_CARDIOLOGY = 0.6  # of those with heart disease
AT_NORTH = 0.6  # of the others


def assign(patients: pd.DataFrame, conditions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Patients with family_name, given_name and team, the same for the same seed."""
    random = np.random.default_rng([seed, int(patients["person"].iloc[0])])
    count = len(patients)
    chance = random.random(count)
    with_heart = patients["person"].isin(conditions["person"][conditions["code"].isin(HEART)])
    clinic = np.where(random.random(count) < AT_NORTH, NORTH, SOUTH)
    female, male = random.choice(FEMALE, count), random.choice(MALE, count)
    return patients.assign(
        family_name=random.choice(FAMILY, count),
        given_name=np.where(patients["sex"] == "female", female, male),
        team=np.where(with_heart & (chance < AT_CARDIOLOGY), CARDIOLOGY, clinic),
    )
