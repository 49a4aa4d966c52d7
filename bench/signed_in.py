"""What knowing who asks costs: a signed-in page beside the same page without a session and user look-up.

    python bench/signed_in.py [--rounds 9] [--seconds 1] [--redis-url …]

PostgreSQL, granian with 2 workers × 4 threads, 32 keep-alive connections, all on this machine. Each pair is one view
function at two addresses: behind `@requires` with a session cookie, and unguarded without a cookie (the person and the
organisation are the same objects, looked up once per process). Once as a page that prints one word, where nothing
hides the look-up, and once as the real list of customers.

Goal: a signed-in page costs ≤ 1.5 × the same page without the look-up.
"""

from __future__ import annotations

import argparse
import sys

import harness


def main() -> int:
    """Measure and print; fails when a page answers with an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--redis-url", default=harness.REDIS)
    arguments = parser.parse_args()
    with harness.folder() as var, harness.database("signed_in") as url:
        env = harness.environment(
            var, database_url=url, redis_url=arguments.redis_url, DJANGO_SETTINGS_MODULE="bench.settings"
        )
        harness.setup_django(env)
        import rows

        signed = rows.people()
        rows.fill(signed, customers=arguments.customers, responses=1)
        with harness.pages(env, var) as address:

            def ask(path: str, headers: dict[str, str] | None = None) -> harness.Load:
                return harness.wrk(address + path, seconds=arguments.seconds, headers=headers)

            seen = harness.interleaved(
                {
                    "hello": lambda: ask("/bench/hello/", signed.cookie),
                    "hello, open": lambda: ask("/bench/hello/open/"),
                    "customers": lambda: ask("/customers/", signed.cookie),
                    "customers, open": lambda: ask("/bench/customers/open/"),
                },
                rounds=arguments.rounds,
            )
    table = [
        harness.Row(
            f"signed in: {name}",
            1000 / seen[page].per_second,
            1000 / seen[f"{page}, open"].per_second,
            "same view, no look-up",
            "ms/page",
            at_most=1.5,
        )
        for page, name in (("hello", "a page of one word"), ("customers", "list of customers"))
    ]
    harness.report(f"Cost of knowing who asks, median of {arguments.rounds} rounds", table)
    errors = sum(load.errors for load in seen.values())
    print(f"  requests that failed: {errors}")
    return int(errors > 0)


if __name__ == "__main__":
    sys.exit(main())
