"""Text becomes typed columns, and every value that cannot is told apart: column by column, never row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apps.imports import converters
from apps.imports.reader import ReadSettings
from apps.imports.sentences import sentence
from apps.imports.target import Field, Rejection

if TYPE_CHECKING:
    import polars as pl

# The first value that a row is rejected for is enough to correct it; a few more save a second round.
MOST_REASONS = 4


class Checker:
    """Checks the blocks of one file for one target.

    Args:
        fields: of the target. `columns`: field key → number of the file's column. `constants`: field key → the value
            of every row, for fields that the file has no column for. `carried_by`: see `Target`. The blocks have to
            come in their order, because a value may be carried from one into the next.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        columns: Mapping[str, int],
        settings: ReadSettings,
        *,
        constants: Mapping[str, str] | None = None,
        needs_one_of: Sequence[str] = (),
        carried_by: str = "",
        is_escaped: bool = False,
    ) -> None:
        self.fields = list(fields)
        self.columns = dict(columns)
        self.settings = settings
        self.constants = dict(constants or {})
        self.needs_one_of = tuple(needs_one_of)
        self.is_escaped = is_escaped
        self.carrier = self.columns.get(carried_by)
        self.above: pl.DataFrame | None = None

    def check(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[int, list[Rejection]]]:
        """The good rows, typed, with `row`; and for each bad row why."""
        import polars as pl

        if self.carrier is not None:
            frame = self._carry(frame, f"c{self.carrier}")
        typed: dict[str, pl.Series] = {"row": frame["row"]}
        bad: dict[int, list[Rejection]] = {}
        is_bad = pl.repeat(False, frame.height, eager=True, dtype=pl.Boolean)
        for field in self.fields:
            text = self._text(frame, field)
            if text is None:
                typed[field.key] = converters.empty(field, frame.height)
                continue
            values, codes = converters.convert(text, field, self.settings)
            typed[field.key] = values
            if codes is not None and codes.null_count() < len(codes):
                wrong = codes.is_not_null()
                is_bad = is_bad | wrong
                self._explain(bad, field, frame["row"].filter(wrong), text.filter(wrong), codes.filter(wrong))
        good = pl.DataFrame(typed)
        lonely = self._lonely(good) if self.needs_one_of else None
        if lonely is not None:
            lonely = lonely & ~is_bad
            labels = " / ".join(str(field.label) for field in self.fields if field.key in self.needs_one_of)
            for row in good["row"].filter(lonely):
                said = sentence("nothing_to_know_by", labels)
                bad[row] = [Rejection(row, self.needs_one_of[0], "", "nothing_to_know_by", said)]
            is_bad = is_bad | lonely
        return (good.filter(~is_bad) if bad else good), bad

    def _carry(self, frame: pl.DataFrame, carrier: str) -> pl.DataFrame:
        """Empty cells get the value of the row above, among neighbours with one value of the carrier."""
        import polars as pl

        whole = frame if self.above is None else pl.concat([self.above, frame])
        key = pl.col(carrier)
        if whole.select(((key == key.shift(1)) & (key != "")).any()).item():
            names = [f"c{place}" for place in set(self.columns.values()) if f"c{place}" != carrier]
            whole = whole.with_columns(
                pl.when((pl.col(name) != "") | (key == ""))
                .then(pl.col(name))
                .forward_fill()
                .over(key.rle_id())
                .fill_null("")
                for name in names
            )
        self.above = whole.tail(1)
        return whole.tail(frame.height)

    def _text(self, frame: pl.DataFrame, field: Field) -> pl.Series | None:
        import polars as pl

        place = self.columns.get(field.key)
        if place is not None:
            text = frame[f"c{place}"]
            if self.is_escaped:
                text = text.str.replace(r"^'([=+\-@\t\r])", "$1")
            return text
        constant = self.constants.get(field.key) or field.default
        if constant or field.is_required:
            return pl.repeat(constant, frame.height, eager=True, dtype=pl.String)
        return None

    def _lonely(self, frame: pl.DataFrame) -> pl.Series:
        import polars as pl

        present = [pl.col(key).is_not_null() for key in self.needs_one_of]
        return frame.select(~pl.any_horizontal(present)).to_series()

    def _explain(
        self, bad: dict[int, list[Rejection]], field: Field, rows: pl.Series, values: pl.Series, codes: pl.Series
    ) -> None:
        detail: dict[str, Any] = {
            "label": str(field.label),
            "most": field.max_length,
            "minimum": field.minimum,
            "maximum": field.maximum,
            "choices": ", ".join(sorted(set(field.choices.values()))[:12]),
            "decimal": self.settings.decimal,
        }
        for row, value, code in zip(rows, values, codes, strict=True):
            reasons = bad.setdefault(row, [])
            if len(reasons) < MOST_REASONS:
                reasons.append(Rejection(row, field.key, value[:500], code, sentence(code, **detail)))
