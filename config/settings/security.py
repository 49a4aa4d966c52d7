"""Keys, cookies, headers, sign-in."""

from __future__ import annotations

from config import env
from config.keys import local_rsa_key, local_secret
from config.settings.base import BASE_URL, TESTING, VAR_DIR

env.section("Security")
SECRET_KEY = env.text(
    "SECRET_KEY", "", "Signs sessions and links. Empty: made at the first start and kept in VAR_DIR/keys."
) or local_secret(VAR_DIR, "secret_key")
SECRET_KEY_FALLBACKS = env.words(
    "SECRET_KEY_FALLBACKS", [], "Former values of SECRET_KEY: what they signed stays valid while they stand here."
)
FIELD_ENCRYPTION_KEYS = env.words(
    "FIELD_ENCRYPTION_KEYS",
    [],
    "Fernet keys for secrets at rest, newest first, old ones behind it. Empty: made and kept in VAR_DIR/keys.",
) or [local_secret(VAR_DIR, "field_key", fernet=True)]
HTTPS = env.flag("HTTPS", BASE_URL.startswith("https://"), "Secure cookies, HSTS and redirect to https.")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [BASE_URL], "Origins whose forms are accepted.")
SURVEY_ANSWERS_PER_LINK = env.number("SURVEY_ANSWERS_PER_LINK", 10, "Attempts per minute with one survey link.")
API_REQUESTS_PER_KEY = env.number("API_REQUESTS_PER_KEY", 600, "Requests per minute with one API key.")
EVENT_REQUESTS_PER_KEY = env.number("EVENT_REQUESTS_PER_KEY", 6000, "Batches of events per minute with one write key.")
SURVEY_ANSWERS_PER_ADDRESS = env.number(
    "SURVEY_ANSWERS_PER_ADDRESS",
    30,
    "Answers per minute from one network address. Raise it where a shop's guests share a Wi-Fi.",
)
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, "How many proxies in front of us append to X-Forwarded-For.")

CSRF_FAILURE_VIEW = "apps.core.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# `frame-ancestors` of the Content-Security-Policy says it, per page.
SILENCED_SYSTEM_CHECKS = ["security.W002"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# The names are those of Django 6, so that its middleware can take over.
SECURE_CSP = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "<nonce>"],
    "style-src": ["'self'", "<nonce>"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
    if TESTING
    else [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_ONLY = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
USERSESSIONS_TRACK_ACTIVITY = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Customer Compass"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

HEADLESS_ONLY = False
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"
HEADLESS_JWT_PRIVATE_KEY = env.text(
    "JWT_PRIVATE_KEY",
    "",
    "RSA key (PEM) that signs API tokens. Empty: made at the first start and kept in VAR_DIR/keys.",
) or local_rsa_key(VAR_DIR, "jwt_key")
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 24 * 3600
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_SERVE_SPECIFICATION = False

env.section("Sign-in with Google")
GOOGLE_CLIENT_ID = env.text("GOOGLE_CLIENT_ID", "", "OAuth client id. Empty: the button is absent.")
GOOGLE_CLIENT_SECRET = env.text("GOOGLE_CLIENT_SECRET", "", "OAuth client secret.")
OIDC_SERVER_URL = env.text("OIDC_SERVER_URL", "", "Another OpenID Connect provider. Empty: the button is absent.")
OIDC_NAME = env.text("OIDC_NAME", "Company account", "What the button of that provider says.")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", "", "Its client id.")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET", "", "Its client secret.")
SOCIALACCOUNT_PROVIDERS = {
    "google": {
        "SCOPE": ["openid", "profile", "email"],
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [{"client_id": GOOGLE_CLIENT_ID, "secret": GOOGLE_CLIENT_SECRET}] if GOOGLE_CLIENT_ID else [],
    },
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    },
}
