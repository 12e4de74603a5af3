"""Short ways to write HL7 messages for tests."""

from patients import hl7

MSH = "MSH|^~\\&|LIS|NORTHLAB|CARELENS|CLINIC|{at}||ORU^R01^ORU_R01|{id}|P|2.5.1"
PID = "PID|1||CL-000001^^^^MR||Lovelace^Ada||19600517|F"
OBR = "OBR|1||F100|4548-4^HbA1c^LN|||20260301080000+0000|||||||||||||||{issued}|||F"
HBA1C = "4548-4^Hemoglobin A1c^LN"


def oru(*lines, id="M1", at="20260302080000+0000", end="\r"):  # noqa: A002
    """A message; `lines` are all its segments but the first."""
    return "".join(f"{line}{end}" for line in [MSH.format(id=id, at=at), *lines])


def hba1c(value, status="F", *, id="M1", issued="20260301100000+0000", at="20260302080000+0000"):  # noqa: A002
    """A message with one HbA1c of Ada's."""
    obx = f"OBX|1|NM|{HBA1C}||{value}|%|4.0-5.6||||{status}"
    return oru(PID, OBR.format(issued=issued), obx, id=id, at=at)


def obx(kind="NM", value="5.4", *, code=HBA1C, unit="%", status="F", rest=""):
    return f"OBX|1|{kind}|{code}||{value}|{unit}|||||{status}{rest}"


def observed(*lines, **header):
    """Observations of a message about Ada with these segments after its OBR."""
    return hl7.observations(hl7.parse(oru(PID, OBR.format(issued=""), *lines, **header)))


def cells(*lines, **header):
    """What the only row of such a message says."""
    (observation,) = observed(*lines, **header)
    return observation.cells
