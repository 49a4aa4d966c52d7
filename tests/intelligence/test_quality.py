"""The built-in sentiment on real reviews, on the half that nobody looked at while tuning, beside plain VADER."""

from __future__ import annotations

import pytest

from bench import sentiment as bench

pytestmark = pytest.mark.skipif(
    not bench.SHARED.is_dir(), reason=f"there is no {bench.SHARED}; set COMPASS_SHARED to the folder of data sets"
)


def test_stars_of_clothing_reviews() -> None:
    rows = bench.reviews()[1::2]
    gold = bench.star_labels(rows)
    ours, vader = bench.three_labels(rows, True), bench.three_labels(rows, False)
    assert bench.macro_f1(gold, ours) > bench.macro_f1(gold, vader) + 0.15
    assert bench.accuracy(gold, ours) > bench.accuracy(gold, vader) + 0.02


@pytest.mark.parametrize("name", ["yelp", "amazon_cells", "imdb"])
def test_sentences(name: str) -> None:
    rows = bench.sentences(name)[1::2]
    gold = bench.binary_labels(rows)
    assert bench.accuracy(gold, bench.two_labels(rows, True)) > bench.accuracy(gold, bench.two_labels(rows, False))


def test_human_ratings() -> None:
    rows = bench.snippets()[1::2]
    means = [mean for _, mean in rows]
    ours = bench.correlation([bench.ours(text) for text, _ in rows], means)
    assert ours > bench.correlation([bench.plain_vader(text) for text, _ in rows], means) + 0.02
