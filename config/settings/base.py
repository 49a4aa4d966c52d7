"""Applications, middleware, templates, languages and static files."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from config import env
from config.env import BASE_DIR

django_stubs_ext.monkeypatch()

TESTING = "pytest" in sys.modules
if TESTING and "VAR_DIR" not in os.environ:
    # Settings are read before any conftest, so a test run's own folder is made here; its child processes inherit it.
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="compass-test-")
    # WhiteNoise warns about a missing folder.
    os.makedirs(f"{os.environ['VAR_DIR']}/static")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
if TESTING and "PYTEST_XDIST_WORKER" in os.environ and os.environ.get("REDIS_URL"):
    # Test workers side by side clear their caches: each gets a Redis database of its own, from 1 on.
    _server, _number = os.environ["REDIS_URL"].rpartition("/")[0], int(os.environ["PYTEST_XDIST_WORKER"][2:])
    os.environ["REDIS_URL"] = f"{_server}/{_number + 1}"

env.section("General")
DEBUG = env.flag("DEBUG", False, "Django's debug pages. Never on a public machine.")
VAR_DIR = env.path("VAR_DIR", "var", "Folder for everything the product writes: database, files, lake, queues, keys.")
env.must_be_writable(VAR_DIR, "VAR_DIR")
BASE_URL = env.text("BASE_URL", "http://127.0.0.1:8000", "The public address; links in e-mails start with it.").rstrip(
    "/"
)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"], "Host names this server answers to.")
VERSION = "0.1.0"
SHOW_COMPONENT_GALLERY = env.flag(
    "SHOW_COMPONENT_GALLERY", DEBUG or TESTING, "Serve the gallery of components at /components/."
)

DOCS_URL = env.text("DOCS_URL", "", "Where the footer's link to the documentation leads. Empty: no link.")
SUPPORT_URL = env.text("SUPPORT_URL", "", "Where people get help: an address or mailto:. Empty: no link.")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "config.staticfiles.OnlyWhatIsUsed",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "template_partials",
    "apps.core",
    "apps.accounts",
    "apps.messaging",
    "apps.intelligence",
    "apps.lake",
    "apps.imports",
    "apps.customers",
    "apps.forms",
    "apps.commerce",
    "apps.tracking",
    "apps.feedback",
    "apps.console",
]

MIDDLEWARE = [
    "apps.core.middleware.request_context_middleware",
    "apps.core.middleware.measure",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.security_headers",
    "apps.core.middleware.refuse_bottomless_json",
    "apps.core.short_path.short_path",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.accounts.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "apps.console.middleware.first_start",
    "apps.accounts.middleware.MembershipMiddleware",
]

ROOT_URLCONF = "config.urls"
SHORT_URLCONF = "config.short_urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.shell",
            ],
            "builtins": ["template_partials.templatetags.partials", "django.templatetags.i18n"],
        },
    }
]

env.section("Language and time")
LANGUAGE_CODE = env.text("LANGUAGE_CODE", "en", "Language of pages for people who chose none.")
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_MAX_AGE = 3600
# Only a developer with open tools ever asks for a source map.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("jpg", "jpeg", "png", "gif", "webp", "ico", "woff", "woff2", "map", "gz", "br")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.ApiKeyAuthentication",
        "apps.accounts.authentication.BearerTokenAuthentication",
        "apps.accounts.authentication.MemberSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.guards.DeniedUnlessDeclared"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.throttling.PolicyThrottle"],
    "EXCEPTION_HANDLER": "apps.core.api.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Customer Compass API",
    "DESCRIPTION": "One customer record for feedback, support, campaigns, health and insights.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "PREPROCESSING_HOOKS": ["apps.core.schema.without_second_addresses"],
    # One name for each set of words; where two fields of one name have different words, the generator cannot find one.
    "ENUM_NAME_OVERRIDES": {
        "CallTypeEnum": "apps.tracking.models.CallType",
        "ConsentActionEnum": "apps.customers.models.ConsentAction",
        "ContactKindEnum": ["email", "phone"],
        "CustomerKindEnum": "apps.customers.models.CustomerKind",
        "EventOutcomeEnum": ["accepted", "duplicate", "conflict", "rejected"],
        "MessageStateEnum": "apps.messaging.models.MessageState",
        "OrderChannelEnum": "apps.commerce.models.OrderChannel",
        "OrderStatusEnum": "apps.commerce.models.OrderStatus",
        "PaymentKindEnum": "apps.commerce.models.PaymentKind",
        "PreferredChannelEnum": "apps.customers.models.PreferredChannel",
        "PrivacyKindEnum": "apps.customers.models.PrivacyKind",
        "PurposeEnum": "apps.customers.models.Purpose",
        "SurveyDeliveryEnum": "apps.feedback.models.Delivery",
    },
}
