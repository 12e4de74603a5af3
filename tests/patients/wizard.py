"""Short ways through the steps of an upload, for tests."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from patients.models import LabImport
from tests.patients.labfiles import ADA

UPLOAD = "/labs/upload/"
# What a spreadsheet in Germany writes.
SEMICOLONS = (
    "Patient;Test;Ergebnis;Einheit;Entnahme\n"
    f"{ADA};HbA1c;6,5;%;01.03.2026\n"
    f"{ADA};HbA1c;6,7;%;14.02.2026\n"
)
# Nothing in it says whether the day or the month comes first.
UNSURE = f"mrn,code,value,unit,collected_at\n{ADA},HBA1C,6.5,%,03/02/2026\n"


def send(client, content, **fields):
    content = content if isinstance(content, bytes) else content.encode("cp1252")
    return client.post(UPLOAD, {"file": SimpleUploadedFile("labs.csv", content), **fields})


def place(step, lab_import=None):
    lab_import = lab_import or LabImport.objects.get()
    return reverse(f"patients:import-{step}", args=[lab_import.public_id])


def filled_in(client, address):
    """What the form of a page would send as it stands."""
    form = client.get(address).context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def confirm_columns(client, **answers):
    address = place("mapping")
    return client.post(address, {**filled_in(client, address), **answers})


def previewed(client, run_jobs, content, **fields):
    send(client, content, **fields)
    confirm_columns(client)
    run_jobs()
    return client.get(place("preview"))
