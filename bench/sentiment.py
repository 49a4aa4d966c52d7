"""How well the built-in sentiment reads real texts, beside plain VADER in the same run.

    python bench/sentiment.py

Word lists, rules and thresholds were chosen while looking at the even rows only ("tuned on"); the odd rows ("held out")
are the honest figure. Stars 1–2 are negative, 3 neutral, 4–5 positive. VADER's thresholds are its authors' ±0.05.
The data lie in COMPASS_SHARED (default: the folder `shared` beside the checkout); without them nothing is measured.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: E402

from apps.intelligence.builtin import feeling  # noqa: E402
from apps.intelligence.builtin.english import english  # noqa: E402
from apps.intelligence.builtin.polarity import polarity, tokens_of  # noqa: E402

Rows = list[tuple[str, float]]
SHARED = Path(os.environ.get("COMPASS_SHARED") or ROOT.parent / "shared") / "data" / "feedback"
VADER_BAND = 0.05

vader = SentimentIntensityAnalyzer()


def plain_vader(text: str) -> float:
    return float(vader.polarity_scores(text)["compound"])


def ours(text: str) -> float:
    return polarity(tokens_of(text), english())


def vader_label(score: float) -> str:
    return "positive" if score >= VADER_BAND else "negative" if score <= -VADER_BAND else "neutral"


def reviews() -> Rows:
    with (SHARED / "womens_clothing_reviews_sample.csv").open(encoding="utf-8", newline="") as file:
        return [(row["review_text"], float(row["rating"])) for row in csv.DictReader(file)]


def sentences(name: str) -> Rows:
    lines = (
        (SHARED / "uci_sentiment" / f"{name}_labelled.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    )
    pairs = [line.rpartition("\t") for line in lines]
    return [(text.strip(), float(label)) for text, _, label in pairs if label.strip() in ("0", "1")]


def snippets() -> Rows:
    path = SHARED / "vader" / "amazonReviewSnippets_GroundTruth.txt"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8", errors="replace").split("\n")]
    return [(row[2], float(row[1])) for row in rows if len(row) >= 3]


def accuracy(gold: Sequence[str], found: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(gold, found, strict=True)) / len(gold)


def macro_f1(gold: Sequence[str], found: Sequence[str]) -> float:
    scores = []
    for label in sorted(set(gold)):
        hits = sum(a == b == label for a, b in zip(gold, found, strict=True))
        total = gold.count(label) + found.count(label)
        scores.append(2 * hits / total if total else 0.0)
    return sum(scores) / len(scores)


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float:
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    top = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    bottom = (sum((x - mean_x) ** 2 for x in xs) * sum((y - mean_y) ** 2 for y in ys)) ** 0.5
    return top / bottom


def line(name: str, part: str, rows: Rows, measure: str, value: Callable[[Rows, bool], float]) -> None:
    print(f"{name:<22}{part:<10}{len(rows):>6}  {measure:<10}{value(rows, False):>8.3f}{value(rows, True):>8.3f}")


def star_labels(rows: Rows) -> list[str]:
    return ["negative" if stars < 3 else "neutral" if stars == 3 else "positive" for _, stars in rows]


def three_labels(rows: Rows, is_ours: bool) -> list[str]:
    return [feeling.text_label(ours(text)) if is_ours else vader_label(plain_vader(text)) for text, _ in rows]


def two_labels(rows: Rows, is_ours: bool) -> list[str]:
    return ["1" if (ours(text) > 0 if is_ours else plain_vader(text) >= VADER_BAND) else "0" for text, _ in rows]


def binary_labels(rows: Rows) -> list[str]:
    return [str(int(label)) for _, label in rows]


def halves(rows: Rows) -> Iterable[tuple[str, Rows]]:
    return (("tuned on", rows[0::2]), ("held out", rows[1::2]), ("all", rows))


def main() -> None:
    if not SHARED.is_dir():
        print(f"Skipped: there is no {SHARED}. Say where the data lie with COMPASS_SHARED.")
        return
    print(f"{'data':<22}{'rows':<10}{'':>6}  {'measure':<10}{'VADER':>8}{'ours':>8}")
    for part, rows in halves(reviews()):
        line("clothing reviews", part, rows, "accuracy", lambda r, o: accuracy(star_labels(r), three_labels(r, o)))
        line("clothing reviews", part, rows, "macro-F1", lambda r, o: macro_f1(star_labels(r), three_labels(r, o)))
    for name in ("yelp", "amazon_cells", "imdb"):
        for part, rows in halves(sentences(name)):
            line(name, part, rows, "accuracy", lambda r, o: accuracy(binary_labels(r), two_labels(r, o)))
            line(name, part, rows, "macro-F1", lambda r, o: macro_f1(binary_labels(r), two_labels(r, o)))
    for part, rows in halves(snippets()):
        line(
            "amazon snippets",
            part,
            rows,
            "Pearson r",
            lambda r, o: correlation([(ours if o else plain_vader)(text) for text, _ in r], [mean for _, mean in r]),
        )


if __name__ == "__main__":
    main()
