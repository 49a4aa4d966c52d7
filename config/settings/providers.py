"""The outside world: mail, language model, data lake, virus scanner; a built-in stands in for what is absent."""

from __future__ import annotations

from config import env
from config.settings.base import TESTING, VAR_DIR

env.section("E-mail")
EMAIL_PROVIDERS = env.words(
    "EMAIL_PROVIDERS",
    ["outbox"],
    "Tried in this order: sendgrid, ses, smtp; outbox keeps mails in the browser outbox.",
)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "compass@localhost", "Sender of mails about accounts.")
SENDGRID_API_KEY = env.text("SENDGRID_API_KEY", "", "SendGrid API key.")
SENDGRID_URL = env.text("SENDGRID_URL", "https://api.sendgrid.com", "Base address of SendGrid's API.")
SENDGRID_WEBHOOK_KEY = env.text("SENDGRID_WEBHOOK_KEY", "", "Public key of SendGrid's signed event webhook (base64).")
SES_ACCESS_KEY_ID = env.text("SES_ACCESS_KEY_ID", "", "AWS access key for SES.")
SES_SECRET_ACCESS_KEY = env.text("SES_SECRET_ACCESS_KEY", "", "AWS secret key for SES.")
SES_REGION = env.text("SES_REGION", "eu-central-1", "AWS region of SES.")
SES_URL = env.text("SES_URL", "", "Base address of the SES API. Empty: derived from the region.")
SES_CONFIGURATION_SET = env.text("SES_CONFIGURATION_SET", "", "Configuration set whose events go to the SNS topic.")
SES_TOPIC_ARN = env.text("SES_TOPIC_ARN", "", "The only SNS topic whose notifications are believed.")
SNS_CERTIFICATE_URL = env.text(
    "SNS_CERTIFICATE_URL",
    r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/SimpleNotificationService-[a-z0-9]+\.pem",
    "Regular expression for the addresses from which certificates of SNS are believed.",
)
SMTP_URL = env.text(
    "SMTP_URL",
    "",
    "smtp://user:password@host:587?tls=starttls (tls: starttls, implicit or none; without it port 465 is implicit, "
    "587 starttls, others none).",
)
SMTP_TIMEOUT_SECONDS = env.number("SMTP_TIMEOUT_SECONDS", 30, "Longest silence of the SMTP server.")
if not TESTING:
    EMAIL_BACKEND = "apps.messaging.django_backend.EmailBackend"

env.section("Language model")
OPENAI_API_KEY = env.text(
    "OPENAI_API_KEY", "", "Key of OpenAI or a compatible server. Empty: the built-in models work."
)
OPENAI_BASE_URL = env.text("OPENAI_BASE_URL", "https://api.openai.com/v1", "Base address of the API.")
OPENAI_MODEL = env.text("OPENAI_MODEL", "gpt-5-mini", "Model name.")
OPENAI_TIMEOUT_SECONDS = env.number("OPENAI_TIMEOUT_SECONDS", 20, "One call may take this long.")
OPENAI_MAX_CONCURRENCY = env.number("OPENAI_MAX_CONCURRENCY", 4, "Calls at one time per process.")
OPENAI_REQUESTS_PER_MINUTE = env.number("OPENAI_REQUESTS_PER_MINUTE", 60, "Calls per minute and organisation.")
OPENAI_DAILY_TOKENS = env.number("OPENAI_DAILY_TOKENS", 200_000, "Tokens per day and organisation.")

env.section("Data lake")
LAKE_AZURE_CONNECTION_STRING = env.text(
    "LAKE_AZURE_CONNECTION_STRING", "", "Azure Data Lake Gen2 by connection string."
)
LAKE_AZURE_ACCOUNT_URL = env.text(
    "LAKE_AZURE_ACCOUNT_URL", "", "Azure Data Lake Gen2 by service principal: account URL."
)
LAKE_AZURE_TENANT_ID = env.text("LAKE_AZURE_TENANT_ID", "", "Service principal: tenant.")
LAKE_AZURE_CLIENT_ID = env.text("LAKE_AZURE_CLIENT_ID", "", "Service principal: client id.")
LAKE_AZURE_CLIENT_SECRET = env.text("LAKE_AZURE_CLIENT_SECRET", "", "Service principal: secret.")
LAKE_FILE_SYSTEM = env.text("LAKE_FILE_SYSTEM", "compass", "File system (container) in the lake.")
_lake_folder = env.text(
    "LAKE_FOLDER", "", "Folder that stands in for the lake when Azure is not configured. Empty: lake in VAR_DIR."
)
LAKE_FOLDER = env.BASE_DIR / _lake_folder if _lake_folder else VAR_DIR / "lake"

env.section("Files")
CLAMD_ADDRESS = env.text(
    "CLAMD_ADDRESS", "", "host:port or socket path of ClamAV's daemon. Empty: files are not scanned."
)
FILE_MAX_MEGABYTES = env.number("FILE_MAX_MEGABYTES", 25, "Largest file that is accepted.")
