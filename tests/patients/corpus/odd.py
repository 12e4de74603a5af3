"""More files that were made to break the reading: spreadsheets, exports with more than a table
in them, signs that look like others."""

import gzip
import io
import zipfile

import openpyxl

from tests.patients.corpus.files import Sent

NAMES = ["mrn", "code", "value", "unit", "collected_at"]
HEADER = ",".join(NAMES)
GOOD = "CL-1,HBA1C,7.2,%,2026-03-01"
ROW = ["CL-1", "HBA1C", 7.2, "%", "2026-03-01"]


def text(*lines, header=HEADER, end="\n", encoding="utf-8"):
    return lambda: end.join([header, *lines, ""]).encode(encoding)


def value(*cells):
    return text(GOOD, *(f"CL-1,HBA1C,{cell},%,2026-03-01" for cell in cells))


def book(*sheets, hidden=(), merged=""):
    """A workbook of (name, rows)."""

    def build():
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for name, rows in sheets:
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
            sheet.sheet_state = "hidden" if name in hidden else "visible"
            if merged:
                sheet.merge_cells(merged)
        file = io.BytesIO()
        workbook.save(file)
        return file.getvalue()

    return build


def open_document(*rows):
    """A spreadsheet as LibreOffice saves it: typed cells, a repeated one, an error."""
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
             for name in ("office", "table", "text")}  # fmt: skip
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in names.items())
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    kind = "application/vnd.oasis.opendocument.spreadsheet"

    def build():
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("mimetype", kind)
            archive.writestr(
                "content.xml",
                f'<office:document-content {spaces} office:version="1.2"><office:body>'
                f'<office:spreadsheet><table:table table:name="Results">{body}</table:table>'
                "</office:spreadsheet></office:body></office:document-content>",
                zipfile.ZIP_DEFLATED,
            )
            manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
            archive.writestr(
                "META-INF/manifest.xml",
                f'<m:manifest xmlns:m="{manifest}"><m:file-entry m:full-path="/" '
                f'm:media-type="{kind}"/></m:manifest>',
            )
        return file.getvalue()

    return build


def typed(text, kind="string", value="", more=""):
    said = f' office:{kind}-value="{value}"' if kind == "date" else f' office:value="{value}"'
    return (f'<table:table-cell {more} office:value-type="{kind}"{said if value else ""}>'
            f"<text:p>{text}</text:p></table:table-cell>")  # fmt: skip


def open_row(value):
    return [typed("CL-1"), typed("HBA1C"), value, typed("%"),
            typed("01.03.26", "date", "2026-03-01T08:30:00")]  # fmt: skip


GERMAN = """Patient;Test;Ergebnis;Einheit;Datum
CL-1;HBA1C;7,2;%;21.03.2026
CL-1;PLT;1.234,5;10*9/L;14.02.2026 08:30
"""
MIXED = "CL-ü,HBA1C,7.2,µmol/l,2026-03-01\n"
TABLES = [
    Sent("German spreadsheet", lambda: GERMAN.encode("cp1252"), good=(2, 3)),
    Sent("total below the rows", text(GOOD, "", "Total,1,,,"), good=(2,),
         refused={4: "missing_value"}),
    Sent("remark below the rows", text(GOOD, "# end of report"), good=(2,),
         refused={3: "ragged_row"}),
    Sent("headings again in the middle", text(GOOD, HEADER, GOOD), good=(2, 4),
         refused={3: "not_a_number"}),
    Sent("300 columns", text(GOOD + "," * 295,
         header=HEADER + "".join(f",c{n}" for n in range(295))), good=(2,)),
    Sent("a remark in two columns", text(GOOD + ",x,y", header=HEADER + ",note,note"),
         good=(2,)),
    Sent("separator at the end of each line", text("CL-1|HBA1C|7.2|%|2026-03-01|",
         header=HEADER.replace(",", "|") + "|"), good=(2,)),
    Sent("every cell in quotes", text('"CL-1";"HBA1C";"7,2";"%";"2026-03-01"',
         header=";".join(f'"{name}"' for name in NAMES)), good=(2,)),
    Sent("apostrophes for quotes", text("'CL-1','HBA1C','7.2','%','2026-03-01'"),
         refused={2: "not_a_number"}),
    Sent("quote open to the end of the file", text(GOOD, 'CL-1,HBA1C,7.2,%,"2026-03-01'),
         good=(2,), refused={3: "unclosed_quote"}),
    Sent("two columns of one test that differ",
         lambda: b"mrn,collected_at,HBA1C (%),HBA1C (%)\nCL-1,2026-03-01,7.2,7.9\n",
         refused={2: "test_in_two_columns"}),
    Sent("mean below a wide table",
         lambda: b"mrn,collected_at,HBA1C (%)\nCL-1,2026-03-01,7.2\nMean,,7.2\n",
         good=(2,), refused={3: "missing_time"}),
    Sent("long cell in quotes", text('CL-1,HBA1C,"' + "7 " * 5_000_000 + '",%,2026-03-01', GOOD),
         good=(3,), refused={2: "line_too_long"}),
    Sent("value of 10 MB", text(f"CL-1,HBA1C,{'7' * 10_000_000},%,2026-03-01", GOOD),
         good=(3,), refused={2: "line_too_long"}),
    *(Sent(f"{name} of 10 MB in quotes", text(GOOD, f"{before}{inside}{after}", GOOD),
           good=(2, 5_000_004), refused={3: "cell_too_long"})
      for name, inside in [("lines", "x\n" * 5_000_000), ("line ends", "\n" * 5_000_000)]
      for before, after in [('CL-1,HBA1C,"', '",%,2026-03-01'), ('CL-1,HBA1C,"', ",%,2026-03-01"),
                            ('"', '",HBA1C,7')]),
    Sent("quotation mark that is never closed above good rows",
         text('CL-1,HBA1C,"7.2,%,2026-03-01', *[GOOD] * 9000), good=tuple(range(3, 9003)),
         refused={2: "cell_too_long"}),
    Sent("a thousand lines that are no rows, and more", text(GOOD, *["x"] * 100_000, GOOD),
         good=(2, 100_003),
         refused=dict.fromkeys(range(3, 1003), "ragged_row") | {1003: "same_again"}),
    Sent("quotation marks within cells of every line", text(GOOD, *['a,"b"c'] * 50_000, GOOD),
         good=(2, 50_003),
         refused=dict.fromkeys(range(3, 1003), "bad_quotes") | {1003: "same_again"}),
]  # fmt: skip
SIGNS = [
    Sent("lines in Windows-1252 and lines in UTF-8",
         lambda: (HEADER + "\n").encode() + MIXED.encode("cp1252") * 2 + MIXED.encode(),
         good=(2, 3), refused={4: "bad_encoding"}),
    Sent("both signs for micro", text("CL-1,CREAT,88,\u00b5mol/l,2026-03-01",
         "CL-1,CREAT,88,\u03bcmol/l,2026-03-01"), good=(2, 3)),
    Sent("minus and dashes", value("\u22121.5", "\u20131.5", "\u20141.5"), good=(2, 3),
         refused={4: "not_a_number", 5: "not_a_number"}),
    Sent("wide and Arabic digits", value("７．２", "٧", "７"), good=(2,),
         refused=dict.fromkeys((3, 4, 5), "not_a_number")),
    Sent("comparators", value("<=7.2", "≥7.2", "less than 7", "über 7"), good=(2, 3, 4, 5, 6)),
    Sent("comparators that are none", value("> =7", "<<7", "≦7", "＜7", "under the limit"),
         good=(2,), refused=dict.fromkeys(range(3, 8), "not_a_number")),
    Sent("spaces that do not break", value("\u00a07.2\u00a0", "7.2\u202f"), good=(2, 3, 4)),
    Sent("spans and crosses", value("3-5", "0 to 2", "++", "+++++", "3.5-4.5", "5-3"),
         good=(2, 3, 4, 5), refused=dict.fromkeys((6, 7, 8), "not_a_number")),
    Sent("years of two digits", text(GOOD, "CL-1,HBA1C,7.2,%,01.03.26"), good=(2,),
         refused={3: "two_digit_year"}),
    Sent("a decimal comma and what may be a thousand",
         text("CL-1;HBA1C;12,5;%;2026-03-01", "CL-1;PLT;1,234;%;2026-03-01",
              header=HEADER.replace(",", ";")), good=(2,), refused={3: "ambiguous_number"}),
    Sent("numbers that a spreadsheet has rounded", text(GOOD, "1.23457E+11,HBA1C,7,%,2026-03-01"),
         good=(2,), refused={3: "rounded_identifier"}),
    Sent("formulas that stand for text", value('"=""7.2"""', "=<7"), good=(2,),
         refused={3: "formula", 4: "formula"}),
    Sent("truth for a value", value("TRUE", "falsch"), good=(2,),
         refused={3: "not_a_number", 4: "not_a_number"}),
    Sent("NUL bytes at the end", lambda: text(GOOD)() + b"\0" * 100, good=(2,),
         refused={3: "nul_byte"}),
    Sent("mark of the end of a file", lambda: text(GOOD)() + b"\x1a", good=(2,)),
    Sent("line and page separators", value("7.2\u2028", "7.2\x0b", "7.2\x0c"), good=(2, 3, 4, 5)),
]  # fmt: skip
ARCHIVES = [
    Sent("gzip in gzip", lambda: gzip.compress(gzip.compress(text(GOOD)())),
         unreadable="another archive"),
    Sent("workbook in gzip", lambda: gzip.compress(book(("A", [NAMES, ROW]))()),
         unreadable="another archive"),
    Sent("two sheets with results", book(("A", [NAMES, ROW]), ("B", [NAMES, ROW])), good=(2,)),
    Sent("hidden sheet before the one that shows",
         book(("Old", [NAMES, ["CL-9", *ROW[1:]]]), ("New", [NAMES, ROW]), hidden=("Old",)),
         good=(2,)),
    Sent("hidden sheets alone", book(("Empty", []), ("Old", [NAMES, ROW]), hidden=("Old",)),
         unreadable="hidden sheets"),
    Sent("blank rows and a total", book(("A", [[], [], NAMES, [], ROW, [], ["Total", 1]])),
         good=(5,), refused={7: "missing_value"}),
    Sent("patient over two merged cells",
         book(("A", [NAMES, ROW, [None, *ROW[1:]]]), merged="A2:A3"),
         good=(2,), refused={3: "missing_patient"}),
    Sent("web page saved as XLS", lambda: b"<html><table><tr><td>mrn</td></tr></table></html>",
         unreadable="web page"),
    Sent("XML of an old spreadsheet",
         lambda: b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
         unreadable="XML"),
    Sent("spreadsheet of LibreOffice",
         open_document([typed(name) for name in NAMES], open_row(typed("7,2", "float", "7.2")),
                       open_row(typed("#DIV/0!", more='table:formula="of:=1/0"')),
                       open_row(typed("high-ish"))),
         good=(2,), refused={3: "spreadsheet_error", 4: "not_a_number"}),
    Sent("DIF", lambda: b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,5\r\n""\r\n',
         unreadable=r"DIF file.*save it as \.xlsx or \.csv"),
    Sent("SYLK", lambda: b'ID;PWXL;N;E\r\nC;Y1;X1;K"mrn"\r\nE\r\n',
         unreadable=r"SYLK file.*save it as \.xlsx or \.csv"),
    Sent("Excel before XLS", lambda: b"\x09\x04\x06\x00\x00\x04\x10\x00" + b"\0" * 90,
         unreadable=r"very old Excel.*save it as \.xlsx or \.csv"),
    Sent("JSON", lambda: b'[{"mrn": "CL-1"}]', unreadable="JSON"),
    Sent("SQL", lambda: b"INSERT INTO results VALUES (1);\n", unreadable="No table"),
]  # fmt: skip
ODD = [*TABLES, *SIGNS, *ARCHIVES]
