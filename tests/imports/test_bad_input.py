from __future__ import annotations

import csv
import gzip
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.utils import timezone

from apps.commerce.models import OrderLine
from apps.core.refused import Refused
from apps.customers.models import Customer
from apps.imports import actions
from apps.imports.models import ImportRun, RunState
from apps.imports.reader import Limits, header_of, look, open_blocks
from tests.imports.conftest import Bring
from tests.imports.workbook import write_workbook

HEAD = "id,name,email,seit\n"


def _look(tmp_path: Path, content: bytes, limits: Limits | None = None) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    seen = look(path, limits)
    header_of(path, seen.settings, limits)
    list(open_blocks(path, seen.settings, limits))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n\n", "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "file_kind"),
        (b"%PDF-1.7 nothing", "file_kind"),
        (b"<!doctype html><table></table>", "file_kind"),
        (b"\0\1\2\3" * 5000, "file_kind"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 50_000)[:150], "half_file"),
        (b"PAR1" + b"0" * 100, "half_file"),
        (b"PK\x03\x04 broken", "half_file"),
        (
            (",".join(f"c{n}" for n in range(100_000)) + "\n" + ",".join("1" * 100_000) + "\n").encode(),
            "too_many_columns",
        ),
    ],
    ids=["nothing", "blank", "png", "pdf", "html", "binary", "half gzip", "half parquet", "half zip", "100000 columns"],
)
def test_a_file_that_is_no_table_is_refused_with_a_code(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        _look(tmp_path, content)
    assert refused.value.code == code


def test_limits_of_size_rows_and_unpacking(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="too large"):
        _look(tmp_path, b"a,b\n" * 300_000, Limits(megabytes=1))
    with pytest.raises(Refused) as rows:
        _look(tmp_path, b"a,b\n" + b"1,2\n" * 100, Limits(rows=99))
    assert rows.value.code == "too_many_rows"
    with pytest.raises(Refused) as bomb:
        _look(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000), Limits(unpacked_megabytes=2))
    assert bomb.value.code == "zip_bomb"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 30_000_000)
    with pytest.raises(Refused) as workbook:
        _look(tmp_path, packed.getvalue())
    assert workbook.value.code == "zip_bomb"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("Name;Ort\nMüller;Köln\nJosé;Málaga\n".encode(encoding))
    seen = look(path)
    assert seen.settings.delimiter == ";"
    assert header_of(path, seen.settings) == ["Name", "Ort"]
    block = next(open_blocks(path, seen.settings))
    assert block.frame["c0"].to_list() == ["Müller", "José"]


def test_blocks_are_cut_between_records_whatever_stands_in_quotes(tmp_path: Path) -> None:
    rows = [[str(number), f'line one\nline "two", {number}\r\nthree', "x" * (number % 50)] for number in range(3000)]
    path = tmp_path / "file.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "text", "more"], *rows])
    settings = look(path).settings
    blocks = list(open_blocks(path, settings, block_bytes=5000))
    assert len(blocks) > 10
    frame = pl.concat([block.frame for block in blocks])
    assert frame["row"].to_list() == list(range(2, 3002))
    assert [text.replace("\r", "") for text in frame["c1"]] == [text.replace("\r", "") for _, text, _ in rows]


@pytest.mark.django_db
def test_damaged_rows_go_to_the_error_file_and_the_others_in(bring: Bring) -> None:
    content = (
        HEAD.encode()
        + b"1,Ann,ann@example.com,2024-01-05\n"
        + b"2,Bob\n"
        + b"3,Cy,cy@example.com,2024-01-05,extra\n"
        + "4,Dörte,d@example.com,45292\n".encode()
        + b"5,J\xf6rg,j@example.com,2024-01-05\n"
        + b"6,N\x00l,n@example.com,2024-01-05\n"
        + b"7,Eve,eve@example.com,30.02.2024\n"
        + "8,Zoë,zoe@example.com,\n".encode()
    )
    run = bring("customers", content)
    assert run.state == RunState.DONE, run.error
    assert (run.rows, run.created, run.rejected) == (8, 3, 5)
    assert run.error_file is not None
    rows = csv.DictReader(io.StringIO(run.error_file.read_text(encoding="utf-8-sig")))
    assert {row["id"]: row["_code"] for row in rows} == {
        "2": "too_few_columns",
        "3": "too_many_columns",
        "5": "bad_encoding",
        "6": "nul_character",
        "7": "bad_date",
    }
    assert Customer.objects.get(email="d@example.com").created_at.date().isoformat() == "2023-12-31"


@pytest.mark.django_db
def test_no_cell_of_the_error_file_is_a_formula_and_it_still_comes_back(bring: Bring) -> None:
    run = bring("customers", 'id,name,email\n=1+1,"=HYPERLINK(""http://x"")",broken\n')
    assert run.error_file is not None
    text = run.error_file.read_text(encoding="utf-8-sig")
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for row in csv.reader(io.StringIO(text)) for cell in row)
    again = bring("customers", text.replace("broken", "ann@example.com", 1))
    assert (again.created, again.rejected) == (1, 0)
    assert Customer.objects.get().name == '=HYPERLINK("http://x")'


@pytest.mark.django_db
def test_numbers_with_another_decimal_sign_are_told_and_not_guessed(bring: Bring) -> None:
    content = (
        "order id;date;total\n1;2024-01-05;1.234,56\n2;2024-01-05;1,234.56\n3;2024-01-05;7,5 €\n4;2024-01-05;-12\n"
    )
    run = bring("orders", content)
    assert (run.settings["decimal"], run.created, run.rejected) == (",", 3, 1)
    assert run.error_file is not None
    assert "other_decimal_sign" in run.error_file.read_text(encoding="utf-8-sig")


@pytest.mark.django_db
def test_dates_whose_order_nobody_can_tell_are_asked_for(bring: Bring) -> None:
    content = "order id,date,total\n1,02/03/2024,1\n"
    with pytest.raises(Refused) as refused:
        bring("orders", content)
    assert refused.value.code == "ambiguous_dates"
    assert ImportRun.objects.get().questions == ["date_order"]
    assert bring("orders", content, settings={"date_order": "dmy"}).created == 1


@pytest.mark.django_db
def test_repeated_names_of_columns_are_told_apart(bring: Bring) -> None:
    run = bring("customers", "email,name,name\nann@example.com,Ann,Lee\n")
    assert run.columns == ["email", "name", "name (2)"]
    assert "same name: name" in run.notes[0]


@pytest.mark.django_db
def test_an_excel_file_and_a_parquet_file_come_in_like_text(bring: Bring, tmp_path: Path) -> None:
    frame = pl.DataFrame({"email": ["ann@example.com", "bob@example.com"], "seit": ["2024-05-01", "2024-05-02"]})
    path = tmp_path / "people.parquet"
    frame.with_columns(pl.col("seit").str.to_datetime("%Y-%m-%d")).write_parquet(path)
    assert bring("customers", path.read_bytes()).created == 2
    book = Path(__file__).with_name("people.xlsx")
    assert bring("customers", book.read_bytes(), name="people.xlsx").counters["created"] == 1


@pytest.mark.parametrize("rows", [1, 60_000], ids=["one umlaut", "far down"])
def test_an_encoding_is_told_by_the_only_sign_that_shows_it(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"name,email\n" + b"Ann,ann@example.com\n" * rows + "Jörg,j@example.com\n".encode("cp1252"))
    settings = look(path).settings
    assert settings.encoding == "cp1252"
    assert list(open_blocks(path, settings))[-1].frame["c0"][-1] == "Jörg"


def test_empty_and_title_lines_above_the_names_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"\n\nCustomers of May\n\nid,name\n1,Ann\n2,Bob\n")
    settings = look(path).settings
    assert header_of(path, settings) == ["id", "name"]
    frame = next(open_blocks(path, settings)).frame
    assert frame.rows() == [(6, "1", "Ann"), (7, "2", "Bob")]


def test_a_file_without_names_is_numbered_from_its_first_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"1;12.05.2024;a@example.com\n2;13.05.2024;b@example.com\n")
    settings = look(path).settings
    assert (settings.has_header, settings.date_order) == (False, "dmy")
    assert header_of(path, settings) == ["Column 1", "Column 2", "Column 3"]
    assert next(open_blocks(path, settings)).frame["row"].to_list() == [1, 2]


@pytest.mark.django_db
def test_a_workbook_is_recognised_like_text(bring: Bring, tmp_path: Path) -> None:
    rows: list[list[str | float]] = [
        ["Till of May"], [], ["id", "email", "seit"], ["1", "ann@example.com", "30.04.2024"],
        ["2", "bob@example.com", "30.02.2024"], [], ["3", "cy@example.com", 45292],
    ]  # fmt: skip
    path = tmp_path / "book.xlsx"
    write_workbook(path, rows)
    run = bring("customers", path.read_bytes(), name="book.xlsx")
    assert run.columns == ["id", "email", "seit"], run.error
    assert (run.settings["format"], run.settings["skip_rows"], run.settings["date_order"]) == ("excel", 2, "dmy")
    assert (run.rows, run.created, run.rejected) == (3, 2, 1)
    assert run.error_file is not None
    errors = list(csv.DictReader(io.StringIO(run.error_file.read_text(encoding="utf-8-sig"))))
    assert [(row["_row"], row["_value"]) for row in errors] == [("5", "30.02.2024")]
    assert f"{Customer.objects.get(email='cy@example.com').created_at:%Y-%m-%d}" == "2023-12-31"


@pytest.mark.django_db
def test_of_half_a_compressed_file_nothing_is_stored(bring: Bring) -> None:
    rows = "".join(f"{number},Person {number * 7919},p{number}@example.com\n" for number in range(90_000))
    content = gzip.compress(f"id,name,email\n0,Jörg,j@example.com\n{rows}".encode(), 1)
    run = bring("customers", content[: len(content) * 9 // 10])
    assert (run.state, run.error_code, run.rows) == (RunState.FAILED, "half_file", 0)
    assert not Customer.objects.exists()
    assert not run.chunks.exists()


@pytest.mark.django_db
def test_a_quote_that_never_closes_is_one_rejected_row(bring: Bring) -> None:
    run = bring("customers", 'id,name,email\n1,Ann,ann@example.com\n2,"Bob,bob@example.com\n3,Cy,cy@example.com\n')
    assert (run.state, run.created, run.rejected) == (RunState.DONE, 1, 1)


@pytest.mark.django_db
def test_amounts_below_zero_with_signs_and_currencies(bring: Bring) -> None:
    content = (
        "order id;sku;quantity;price;date\n1;a;-2;€ 1.234,50;2024-05-01\n2;a;0;12,00 €;2024-05-01\n"
        "3;a;1;(3,50);2024-05-01\n4;a;1;USD 9,99;2024-05-01\n5;a;1;9,99-;2024-05-01\n6;a;1;12,3,4;2024-05-01\n"
    )
    run = bring("order_lines", content)
    assert (run.created, run.rejected) == (5, 1), run.error
    found = OrderLine.objects.order_by("order__number").values_list("quantity", "unit_price", "line_total")
    assert [tuple(map(float, each)) for each in found] == [
        (-2, 1234.5, -2469), (0, 12, 0), (1, -3.5, -3.5), (1, 9.99, 9.99), (1, -9.99, -9.99),
    ]  # fmt: skip


@pytest.mark.django_db
def test_files_of_killed_uploads_go_after_a_day(bring: Bring, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    kept = bring("customers", "email\nann@example.com\n")
    stray = kept.file.with_name("stray.data")
    stray.write_bytes(b"x")
    now = timezone.now()
    assert actions.forget_old_files(now=now) == 0
    assert actions.forget_old_files(now=now + timedelta(days=2)) == 1
    assert kept.file.exists()
    assert not stray.exists()
    assert actions.forget_old_files(now=now + timedelta(days=31)) == 1
    assert not kept.file.exists()
