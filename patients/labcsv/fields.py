"""The fields of a result, and the headings under which laboratories send them."""

import re
import unicodedata
from collections.abc import Sequence

# What we read, each with the headings that mean it; the first one is ours and wins. Headings
# are compared without case, accents, spaces and signs.
FIELDS = {
    "mrn": ("mrn", "patient_id", "identifier", "patient_identifier", "patient", "patient_mrn",
            "patient_no", "patient_nr", "patient_number", "medical_record_number",
            "medical_record_no", "subject_id", "subject", "pid", "pat_id", "chart_no",
            "chart_number", "hospital_number", "hosp_no", "unit_number", "patienten_id",
            "patientennummer", "patienten_nr", "pat_nr", "patnr", "fallnummer",
            "id_patient", "numero_patient", "no_patient", "n_patient", "ipp", "id_paciente",
            "paciente", "numero_de_paciente", "historia_clinica", "nhc", "patientnummer",
            "patient_nummer", "bsn", "n_dossier", "no_dossier", "numero_dossier",
            "numero_de_dossier", "num_dossier", "n_de_dossier", "n_ipp", "numero_ipp",
            "identifiant_patient", "nr_patient", "patientenkennung", "patienten_nummer",
            "num_paciente", "n_paciente", "no_paciente", "numero_paciente",
            "identificador_paciente", "n_historia", "num_historia", "numero_historia",
            "numero_historia_clinica", "codice_paziente", "id_paziente", "n_paziente",
            "numero_paziente", "paziente", "codice_assistito", "numero_cartella", "n_cartella"),
    "identifier_system": ("identifier_system", "assigning_authority", "id_system",
                          "id_type", "namespace", "issuer"),
    "code": ("code", "loinc", "loinc_code", "loinc_num", "test_code", "analyte_code",
             "local_code", "itemid", "analyte", "test", "component", "observation_code", "assay",
             "lab_test", "investigation", "parameter", "analyt", "untersuchung", "kurzname",
             "messgroesse", "messgrosse", "analyse", "examen", "code_analyse", "analito",
             "prueba", "codigo", "determinacion", "result_name", "bepaling",
             "untersuchungscode", "test_kuerzel", "test_kurzel", "parametre", "esame",
             "analisi", "codice_esame", "codice_analisi", "parametro"),
    "value": ("value", "result", "result_value", "test_result", "observation_value", "results",
              "finding", "wert", "messwert", "ergebnis", "resultat", "valeur", "resultado", "valor",
              "uitslag", "waarde", "resultaat", "messergebnis", "testergebnis", "risultato",
              "valore", "esito"),
    "unit": ("unit", "units", "uom", "ucum", "result_unit", "result_units", "unit_of_measure",
             "value_unit", "valueuom", "einheit", "masseinheit", "unite", "unites", "unidad",
             "unidades", "eenheid", "messeinheit", "unite_de_mesure", "unidad_de_medida", "unita",
             "unita_di_misura"),
    "collected_at": ("collected_at", "collected", "collection_time", "collection_date",
                     "collection_datetime", "collection_date_time", "collected_on",
                     "collected_date", "date_collected", "specimen_collected_at",
                     "specimen_date", "sample_date", "sampling_date", "sample_time", "taken_at",
                     "taken_on", "drawn_at", "draw_date", "draw_time", "effective_at",
                     "observed_at", "observation_date", "date", "datetime", "date_time",
                     "charttime", "chartdate", "timestamp", "test_date", "date_of_test", "datum",
                     "entnahmedatum", "entnahme", "entnahmezeit", "abnahmedatum", "abnahme",
                     "abnahmezeitpunkt", "probenentnahme", "probendatum", "date_prelevement",
                     "date_de_prelevement", "preleve_le", "fecha", "fecha_de_toma",
                     "fecha_extraccion", "fecha_de_extraccion", "afnamedatum", "afname",
                     "datum_afname", "entnahmedatum_zeit", "abnahmezeit", "entnahmezeitpunkt",
                     "date_prelev", "date_du_prelevement", "date_heure_prelevement",
                     "fecha_muestra", "fecha_de_muestra", "fecha_toma", "data_prelievo",
                     "data_del_prelievo", "data_ora_prelievo", "prelievo", "data_campione"),
    "status": ("status", "result_status", "observation_status", "befundstatus", "statut", "estado",
               "stato"),
    "issued_at": ("issued_at", "issued", "reported_at", "reported", "report_date", "resulted_at",
                  "result_time", "result_date", "date_reported", "date_resulted", "released_at",
                  "release_date", "verified_at", "storetime", "befunddatum", "freigabe",
                  "freigabedatum", "valide_le", "date_validation", "date_resultat",
                  "fecha_resultado", "fecha_validacion", "uitslagdatum", "data_referto",
                  "data_refertazione", "data_risultato"),
    "accession": ("accession", "accession_number", "accession_no", "sample_id", "sample_no",
                  "sample_number", "specimen_id", "specimen_no", "specimen_number",
                  "order_id", "order_no", "order_number", "lab_no", "lab_number",
                  "barcode", "requisition", "auftragsnummer", "auftrag", "probennummer",
                  "proben_id", "labornummer", "numero_echantillon",
                  "numero_muestra", "peticion", "monsternummer", "n_echantillon", "no_echantillon",
                  "auftragsnr", "probennr", "n_muestra", "n_peticion", "numero_peticion",
                  "numero_campione", "n_campione", "id_campione", "numero_richiesta",
                  "n_richiesta"),
    "reference_low": ("reference_low", "ref_low", "normal_low", "range_low", "lower_limit",
                      "low_limit", "ref_range_lower", "ref_range_low", "reference_range_low",
                      "reference_min", "ref_min", "normal_min", "untergrenze", "ref_unten",
                      "limite_inferieure", "limite_inferior", "ondergrens", "limite_inferiore"),
    "reference_high": ("reference_high", "ref_high", "normal_high", "range_high", "upper_limit",
                       "high_limit", "ref_range_upper", "ref_range_high", "reference_range_high",
                       "reference_max", "ref_max", "normal_max", "obergrenze", "ref_oben",
                       "limite_superieure", "limite_superior", "bovengrens", "limite_superiore"),
    "reference_range": ("reference_range", "ref_range", "reference_interval", "reference",
                        "normal_range", "reference_values", "range", "referenzbereich",
                        "referenz", "normbereich", "normalwert", "normwert",
                        "valeurs_de_reference", "intervalle_de_reference", "norme", "normes",
                        "rango_de_referencia", "valores_de_referencia", "referentiewaarden",
                        "referentie", "valori_di_riferimento", "intervallo_di_riferimento",
                        "valeurs_reference", "valores_referencia"),
    "flag": ("flag", "flags", "abnormal_flag", "abnormal", "result_flag", "interpretation",
             "hl_flag", "high_low", "kennzeichen", "bewertung", "markierung", "indicateur",
             "indicador", "markering", "segnalazione"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "result_comment",
             "lab_comment", "bemerkung", "kommentar", "commentaire", "remarque", "comentario",
             "observaciones", "opmerking", "commento", "osservazioni"),
    "test_name": ("test_name", "analyte_name", "component_name", "test_description",
                  "observation_name", "long_name", "display_name", "analyte_display",
                  "component_display", "testname", "bezeichnung", "analysenname",
                  "untersuchungsname", "libelle", "nom_analyse", "nombre_prueba", "descripcion",
                  "omschrijving", "nome_esame", "descrizione", "nom_de_l_analyse", "label",
                  "nombre_de_la_prueba", "testbezeichnung"),
    "birth_date": ("birth_date", "date_of_birth", "dob", "birthdate", "patient_dob",
                   "geburtsdatum", "geb_datum", "gebdat", "date_de_naissance", "date_naissance",
                   "fecha_de_nacimiento", "fecha_nacimiento", "geboortedatum", "data_di_nascita",
                   "data_nascita", "ddn", "geburtstag"),
    "source_row": ("source_row",),
    "source_column": ("source_column",),
    "source_problem": ("source_problem",),
}  # fmt: skip
# What people call the fields.
WORDS = {
    "mrn": "Patient number",
    "identifier_system": "Who gave the number",
    "code": "Test",
    "test_name": "Name of the test",
    "value": "Value",
    "unit": "Unit",
    "collected_at": "When it was collected",
    "issued_at": "When it was issued",
    "status": "Status",
    "accession": "Sample or order number",
    "reference_low": "Lower reference limit",
    "reference_high": "Upper reference limit",
    "reference_range": "Reference range",
    "flag": "Flag",
    "note": "Remark",
    "birth_date": "Birth date, as a check",
    "collected_time": "Time of day, if it stands apart",
    "value_numeric": "Value as a number, where the value itself says nothing",
}
# Columns that make one of the fields together with another; a canonical copy joins them.
EXTRA_FIELDS = {
    "collected_time": ("collected_time", "time", "time_collected", "collection_hour", "uhrzeit",
                       "zeit", "heure", "heure_prelevement", "hora", "hora_extraccion", "tijd",
                       "afnametijd", "ora_prelievo", "ora", "entnahmeuhrzeit"),
    "value_numeric": ("value_numeric", "numeric_value", "valuenum", "numeric_result",
                      "result_numeric"),
}  # fmt: skip
# Headings that give way to any other of the same field.
VAGUE = frozenset(
    {"date", "datetime", "timestamp", "datum", "fecha", "patient", "subject", "identifier",
     "ndossier", "nodossier", "numerodossier", "numerodedossier", "numdossier", "ndedossier",
     "results", "reference", "range", "abnormal", "finding"}
)  # fmt: skip
REQUIRED = ("mrn", "code", "value", "collected_at")
REQUIRED_IN_WIDE = ("mrn", "collected_at")
# What a wide table says of each test in its own way.
OF_ONE_RESULT = ("code", "test_name", "value", "unit", "flag", "reference_low", "reference_high",
                 "reference_range")  # fmt: skip
PROVENANCE = ("source_row", "source_column", "source_problem")
LONGEST_HEADING = 60  # as a problem list can show it


def plain(heading: str) -> str:
    """A heading as synonyms are compared: letters and digits without accents and case."""
    return re.sub(r"[^a-z0-9]+", "", unicodedata.normalize("NFKD", heading.casefold()))


def meanings(header: Sequence[str]) -> dict[str, list[str]]:
    """Our fields with the headings that may mean each, the surest ones only.

    A heading said exactly as we do wins over its synonyms, and any over a vague one such as
    `Date`. For a test the first of the list wins: a code may stand beside its name.
    """
    found: dict[str, list[str]] = {}
    for heading in header:
        if field := _MEANT.get(plain(undoubled(heading))):
            found.setdefault(field, []).append(heading)
    return {field: _surest(field, names) for field, names in found.items()}


def _surest(field: str, found: list[str]) -> list[str]:
    rank = {plain(name): place for place, name in enumerate({**FIELDS, **EXTRA_FIELDS}[field])}
    ranks = [rank[plain(undoubled(heading))] for heading in found]
    if field in {"code", "test_name"}:
        return [heading for heading, place in zip(found, ranks, strict=True) if place == min(ranks)]
    if 0 in ranks:
        return [heading for heading, place in zip(found, ranks, strict=True) if place == 0]
    sure = [heading for heading in found if plain(undoubled(heading)) not in VAGUE]
    return sure or found


def headings(cells: Sequence[str]) -> tuple[str, ...]:
    """One name for each column: blank ones are numbered, those said twice told apart."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells, start=1):
        name = _printable(cell) or f"Column {place}"
        seen[name] = count = seen.get(name, 0) + 1
        names.append(name if count == 1 else f"{name} ({count})")
    return tuple(names)


def undoubled(heading: str) -> str:
    """A heading without the count that `headings` put behind it."""
    return re.sub(r" \(\d+\)$", "", heading)


def _printable(cell: str) -> str:
    line = " ".join(cell.split()).strip('"﻿ ')
    return "".join(filter(str.isprintable, line))[: LONGEST_HEADING - 5].strip()


_MEANT = {
    plain(name): field
    for field, names in reversed([*FIELDS.items(), *EXTRA_FIELDS.items()])
    for name in names
}
