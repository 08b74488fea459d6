"""Django's settings. What the environment says is read in controlplane/deployment/variables.py."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from django.utils.functional import SimpleLazyObject

from controlplane import installed
from controlplane.cloudservice.registry import added_packages, services
from controlplane.deployment import env, home
from controlplane.deployment.variables import *
from controlplane.kernel.task_names import TICK

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Secrets ------------------------------------------------------------------------------------------------
# Sessions and pagination cursors only; private keys are encrypted under the KEK, never under this.
# Made when it is first used, so that a command that only asks leaves nothing in the data directory.
SECRET_KEY = SimpleLazyObject(lambda: env.text("BAREMINT_SECRET_KEY", default="") or HOME.secret(home.SECRET_KEY_FILE))
# Key-encryption keys, comma separated, newest first. Empty: the data directory's own.
BAREMINT_KEK = env.words("BAREMINT_KEK", default=[])

# --- Django -------------------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = env.words(
    "BAREMINT_ALLOWED_HOSTS",
    default=[
        BAREMINT_HOST,
        "127.0.0.1",
        ".localhost",
        "[::1]",
        "iam.cloud.ibm.com",
        ".iaas.cloud.ibm.com",
        "resource-controller.cloud.ibm.com",
        "globalcatalog.cloud.ibm.com",
        "api.global-search-tagging.cloud.ibm.com",
        "tags.global-search-tagging.cloud.ibm.com",
        "user-management.cloud.ibm.com",
        *(host.rpartition("{region}")[2] for service in services().values() for host in service.hosts),
    ],
)
ROOT_URLCONF = "controlplane.urls"
WSGI_APPLICATION = "controlplane.wsgi.application"
AUTH_USER_MODEL = "trustedprofiles.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

OUR_CONFIGURATIONS = {"rest_framework": "controlplane.kernel.restframework.RestFramework"}
INSTALLED_APPS = [OUR_CONFIGURATIONS.get(app, app) for app in (*installed.APPS, *added_packages())]

MIDDLEWARE = [
    "controlplane.kernel.middleware.RequestTextMiddleware",
    "controlplane.kernel.middleware.RequestContextMiddleware",
    "controlplane.kernel.middleware.ServiceHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "controlplane.kernel.middleware.SlashCollapsingMiddleware",
    "controlplane.kernel.middleware.AwaitedBodyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "controlplane.kernel.middleware.PageTextMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "controlplane.console.middleware.ContentSecurityPolicyMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
# What browsers ask for by themselves at the root of a host.
WHITENOISE_ROOT = BASE_DIR / "controlplane" / "console" / "public"

# --- Database -----------------------------------------------------------------------------------------------
EMBEDDED = {"ENGINE": "django.db.backends.sqlite3", "NAME": HOME.path / home.DATABASE_FILE}
DATABASES: dict[str, dict[str, Any]] = {
    "default": environ.Env.db_url_config(DATABASE_URL) if DATABASE_URL else EMBEDDED
}
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a deferred transaction that reads and then writes loses its write under contention.
    # The kernel keeps what is read of the file, for all processes. SQLite's own 2,000 KiB of it, in each of a dozen
    # connections, would be most of what a process weighs beside what it shares with the others.
    cache_kibibytes = 400
    pragmas = ("journal_mode=WAL", f"synchronous={BAREMINT_SQLITE_SYNCHRONOUS}", f"cache_size=-{cache_kibibytes}")
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "controlplane.database.postgresql"
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Of a server that takes a connection and says nothing. The URL may name another one.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)

# --- Broker and Celery --------------------------------------------------------------------------------------
VALKEY_SOCKET = HOME.socket("valkey.sock")
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{quote(str(VALKEY_SOCKET))}"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME.path / "celerybeat-schedule")
# One tick: what is due is a column in the database, so late, doubled or lost ticks do no harm.
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": TICK,
        "schedule": BAREMINT_TICK_SECONDS,
        "options": {"expires": BAREMINT_TICK_SECONDS * 2},
    }
}

# --- Faults, for tests --------------------------------------------------------------------------------------
# Where a process ends itself as kill -9 would (controlplane/kernel/failpoints.py). Empty: nowhere.
BAREMINT_FAILPOINT = env.text("BAREMINT_FAILPOINT", default="")

# --- REST ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["identity.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["trustedprofiles.permissions.ActionPermission"],
    "DEFAULT_PARSER_CLASSES": ["controlplane.kernel.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "controlplane.kernel.negotiation.ContentNegotiation",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "controlplane.kernel.envelopes.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "controlplane.apidocs.operation_schema.OperationSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Baremint",
    "DESCRIPTION": "A simulator of IBM Cloud VPC bare metal servers, their metadata service and IAM.",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["controlplane.apidocs.document.complete"],
    "COMPONENT_SPLIT_PATCH": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144

# --- Security -----------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Attempts to sign in are counted here. More names than can be tried in their time push none of them out.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
CSRF_FAILURE_VIEW = "controlplane.console.views.errors.csrf_failed"
BEHIND_TLS = env.switch("BAREMINT_BEHIND_TLS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
# The proxy sets this header, and removes it from requests of clients. Links in answers have the scheme that it names.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SILENCED_SYSTEM_CHECKS = [
    # The default deployment is plain http on a loopback address; a proxy that adds TLS also redirects and
    # sends HSTS (W004, W008). With BAREMINT_BEHIND_TLS=true both cookies below become Secure.
    "security.W004",
    "security.W008",
    *([] if BEHIND_TLS else ["security.W012", "security.W016"]),
]

# --- Logs ---------------------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("BAREMINT_LOG_LEVEL", options=("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL"))
LOGGING_CONFIG = "controlplane.kernel.logs.configure"
LOGGING = {"level": LOG_LEVEL}
