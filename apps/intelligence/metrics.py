"""Numbers of intelligence for Prometheus."""

from __future__ import annotations

from apps.core import metrics

CALLS = metrics.Counter(
    "compass_intelligence_calls_total", "Texts and judgements, by task, engine and reason", ["task", "engine", "reason"]
)
TOKENS = metrics.Counter("compass_intelligence_tokens_total", "Tokens used by the language model", ["task"])
