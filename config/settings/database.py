"""Database, caches and sessions: SQLite and local caches by default, PostgreSQL and Redis when configured."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from config import env
from config.settings.base import TESTING, VAR_DIR

# IMMEDIATE takes the write lock when a transaction begins. With SQLite's default a transaction that reads first
# and writes later fails at once with "database is locked" whenever another one wrote in between.
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA temp_store=MEMORY;"
    "PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-20000;",
}


def sqlite(file: Path | str) -> dict[str, object]:
    """Django's database settings for a file. Opening it costs more than an answer, so each thread keeps it open."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "CONN_MAX_AGE": None,
        "OPTIONS": SQLITE_OPTIONS,
    }


def database_from_url(url: str) -> dict[str, object]:
    """Django's database settings for `postgres://user:password@host:port/name` or `sqlite:///path`."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return sqlite(parts.path[1:])
    if not parts.scheme.startswith("postgres"):
        raise ValueError(f"DATABASE_URL must start with postgres:// or sqlite://, not {parts.scheme}://")
    return {
        "ENGINE": "apps.core.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # Threads of the page server live as long as the process, so each keeps its own connection.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # A server that is away shall cost a person seconds, not the quarter of an hour that TCP would wait.
        "OPTIONS": {
            # Compiling a statement takes longer than any of a page runs (PgBouncer: ignore_startup_parameters).
            "options": "-c jit=off",
            "prepare_threshold": 5,
            "connect_timeout": 3,
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    }


env.section("Database and cache")
DATABASE_URL = env.text(
    "DATABASE_URL", "", "PostgreSQL: postgres://user:password@host:5432/name. Empty: SQLite in VAR_DIR."
)
DATABASE_PATIENCE_SECONDS = env.number(
    "DATABASE_PATIENCE_SECONDS", 5, "How long a page waits for one statement on PostgreSQL before it answers 503."
)
EVENT_RETENTION_MONTHS = env.number(
    "EVENT_RETENTION_MONTHS", 0, "Behaviour events are deleted after so many whole months. 0: they are kept."
)
REDIS_URL = env.text(
    "REDIS_URL", "", "redis://host:6379/0 for cache, rate limits and Celery. Empty: local replacements."
)

DATABASES = {
    "default": {
        **sqlite(VAR_DIR / "compass.sqlite3"),
        # A file also in tests: threads on an in-memory database lock each other out at once, whatever the timeout.
        "TEST": {"NAME": VAR_DIR / "test.sqlite3"},
    }
    if not DATABASE_URL
    else database_from_url(DATABASE_URL)
}

# What a page does when Redis hangs: `core.redis_pool`.
REDIS_OPTIONS = {"pool_class": "apps.core.redis_pool.ImpatientPool"}

# `default` is shared by web and worker (breakers, locks of time); `local` may live and die with one process.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "compass",
        "OPTIONS": REDIS_OPTIONS,
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "TIMEOUT": 3600,
    },
    "ratelimit": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rate",
        "OPTIONS": REDIS_OPTIONS,
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "ratelimit",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# Tests look at the database each time; those about remembering switch it on.
REMEMBERS_WHO_ASKS = not TESTING

SESSION_ENGINE = "apps.accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
