"""FHIR R4 ⇄ the facts of a record. Pure: knows no database, no clock and no web.

- `reading.entries(file)` takes a file apart: a Bundle of any size, a resource, or NDJSON;
- `strict.check(resource)` refuses what JSON allows and FHIR does not;
- `meaning.of(resource)` says what a resource states: facts, results, nothing, or the end of one;
- `person.read(resource)` says who a Patient is; `references` says whose a resource is;
- `outgoing` writes the other way round.
"""
