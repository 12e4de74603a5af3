"""A file that shows how such a file begins. It passes our own reader: a test uploads it."""

HEADER = [
    "mrn", "code", "value", "unit", "collected_at", "status", "issued_at", "accession",
    "reference_low", "reference_high",
]  # fmt: skip
ROWS = [
    ["CL-000001", "4548-4", "6.1", "%", "2026-03-01T08:30:00+00:00", "final",
     "2026-03-01T11:00:00+00:00", "A-0001", "", ""],
    ["CL-000001", "CREAT", "0.92", "mg/dL", "2026-03-01 08:30", "final", "", "A-0001", "0.74",
     "1.35"],
    ["CL-000002", "CRP", "<0.5", "mg/L", "2026-03-01", "preliminary", "", "A-0002", "", ""],
]  # fmt: skip
