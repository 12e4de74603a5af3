"""HL7 v2 result messages: bytes → rows as `patients.labcsv` names them. Knows no database.

- `files.messages(file)` cuts a file into messages, each with the byte it ends at;
- `charsets.decode(raw)` and `message.parse(text)` read one message, or raise Unreadable;
- `results.observations(message)` gives every OBX as a row or with the reason why it is none;
- `answers.acknowledge(…)` says to the sender what became of it;
- `mllp.serve(…)` listens for messages on the wire.

python-hl7 splits a message into its parts and is imported in `message` alone.
"""

from .charsets import decode
from .files import is_hl7
from .message import Message, Unreadable, parse
from .results import PLACES, Observation, Person, Problem, observations

__all__ = [
    "PLACES",
    "Message",
    "Observation",
    "Person",
    "Problem",
    "Unreadable",
    "decode",
    "is_hl7",
    "observations",
    "parse",
]
