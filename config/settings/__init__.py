"""Settings, by subject. Each value that an operator may change is declared through `config.env`."""

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.database import *  # noqa: F403
from config.settings.observability import *  # noqa: F403
from config.settings.providers import *  # noqa: F403
from config.settings.security import *  # noqa: F403
from config.settings.tasks import *  # noqa: F403

BASE_DIR = env.BASE_DIR
DECLARED_VARIABLES = env.DECLARED
