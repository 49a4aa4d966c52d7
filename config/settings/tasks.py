"""Celery: queues, broker, time limits. Beat's entries are declared by each app (`schedule.py`)."""

from __future__ import annotations

from config import env
from config.settings.base import TESTING, VAR_DIR
from config.settings.database import REDIS_URL

env.section("Background work")
CELERY_BROKER_URL = env.text(
    "BROKER_URL",
    REDIS_URL or "filesystem://",
    "Celery's broker: redis:// or amqp://. Empty: files in VAR_DIR/queue.",
)
if CELERY_BROKER_URL.startswith("filesystem"):
    _queue = VAR_DIR / "queue"
    for _folder in ("messages", "processed", "control"):
        (_queue / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue / "messages"),
        "data_folder_out": str(_queue / "messages"),
        "processed_folder": str(_queue / "processed"),
        "control_folder": str(_queue / "control"),
        "store_processed": False,
        # The worker takes as many tasks in this time as it has processes.
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "visibility_timeout": 900,
    }

CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page must not wait for a broker that is away: the outbox row is there and beat delivers it later.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_DEFAULT_QUEUE = "default"

# default   short work that a person waits for: delivering events, timeline entries
# mail      talks to mail providers
# slow      language models, the data lake, exports: may wait behind each other
CELERY_TASK_QUEUES_EXPLAINED = {
    "default": "Short work that a person waits for.",
    "mail": "Talks to mail providers.",
    "slow": "Language models, the data lake and exports.",
}
CELERY_TASK_ROUTES = {
    "messaging.*": {"queue": "mail"},
    "intelligence.*": {"queue": "slow"},
    "lake.*": {"queue": "slow"},
    "feedback.*": {"queue": "slow"},
    "customers.*": {"queue": "slow"},
    "imports.*": {"queue": "slow"},
}
