"""Every setting once. All of them have working defaults; the environment overrides (see README, "Settings")."""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from controlplane import home
from controlplane.env import Env, origin
from controlplane.home import Home
from identity import keyring

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where things are ---------------------------------------------------------------------------------------
HOME = Home(Path(env.str("BAREMINT_HOME", default="./.baremint")))
BAREMINT_HOST = env.str("BAREMINT_HOST", default="127.0.0.1")
BAREMINT_PORT = env.int("BAREMINT_PORT", default=8000)
BAREMINT_METADATA_PORT = env.int("BAREMINT_METADATA_PORT", default=8169)
BAREMINT_METADATA_TLS_PORT = env.int("BAREMINT_METADATA_TLS_PORT", default=8170)
# Where people and programs reach the control plane: the base of the links in its answers.
BAREMINT_PUBLIC_URL = env.str("BAREMINT_PUBLIC_URL", default=origin(BAREMINT_HOST, BAREMINT_PORT)).rstrip("/")
# Where the object store reaches IAM, for keys and decisions.
BAREMINT_COS_IAM_URL = env.str("BAREMINT_COS_IAM_URL", default=BAREMINT_PUBLIC_URL).rstrip("/")
# Processes of each HTTP service, and Python threads in each process.
BAREMINT_WORKERS = env.between("BAREMINT_WORKERS", 1, 64, default=2)
BAREMINT_THREADS = env.between("BAREMINT_THREADS", 1, 256, default=2)
# How long the services may take to be ready before ``baremint up`` gives up.
BAREMINT_START_SECONDS = env.between("BAREMINT_START_SECONDS", 1, 3600, default=60)

# --- What is simulated --------------------------------------------------------------------------------------
BAREMINT_REGION = env.str("BAREMINT_REGION", default="us-south")
BAREMINT_PROVISION_SECONDS = env.seconds("BAREMINT_PROVISION_SECONDS", 0, default=2.0)
# What a server in the lab gets whose metadata service is off: a refusal, or no answer at all.
BAREMINT_METADATA_DISABLED = env.choice("BAREMINT_METADATA_DISABLED", options=("forbid", "drop"))
# How a process of the metadata service knows who calls (identity/inside/origin.py): loopback or lab.
METADATA_ATTACHMENT = "loopback"
BAREMINT_INSTANCE_IDENTITY = env.choice("BAREMINT_INSTANCE_IDENTITY", options=("refuse", "allow"))
# Where quotas differ from IBM's (servers/quotas.py): ``bare_metal_servers=100,vpcs=20``.
BAREMINT_QUOTAS = env.counts("BAREMINT_QUOTAS")
BAREMINT_ISSUER = env.str("BAREMINT_ISSUER", default="https://iam.cloud.ibm.com/identity")
# Lifetime of IAM access tokens: IBM's hour, or less where refreshing is to be watched. An SDK core holds a token to be
# expired ten seconds before it is, so a minute is the least that makes sense.
BAREMINT_IAM_TOKEN_SECONDS = env.between("BAREMINT_IAM_TOKEN_SECONDS", 60, 3600, default=3600)
BAREMINT_IDENTITY_ISSUER_PREFIX = env.str("BAREMINT_IDENTITY_ISSUER_PREFIX", default="BMS-CR")

# Periods of keys. Prepared and retiring keys are published around them, for as long as what they sign asks for;
# identity/keyring.py derives how long, and which periods are too short.
BAREMINT_SIGNING_KEY_HOURS = env.between("BAREMINT_SIGNING_KEY_HOURS", 1, 8760, default=24)
BAREMINT_ENDPOINT_CERTIFICATE_HOURS = env.between("BAREMINT_ENDPOINT_CERTIFICATE_HOURS", 1, 8760, default=24)
BAREMINT_INTERMEDIATE_DAYS = env.between("BAREMINT_INTERMEDIATE_DAYS", 1, 3650, default=30)
BAREMINT_ROOT_DAYS = env.between("BAREMINT_ROOT_DAYS", 1, 36500, default=1095)
# How often beat looks for what is due.
BAREMINT_TICK_SECONDS = env.seconds("BAREMINT_TICK_SECONDS", 0.1, default=5.0)
PERIOD_SETTINGS: dict[keyring.Purpose, str] = {
    "root": "BAREMINT_ROOT_DAYS",
    "intermediate": "BAREMINT_INTERMEDIATE_DAYS",
    "tls": "BAREMINT_ENDPOINT_CERTIFICATE_HOURS",
    "iam": "BAREMINT_SIGNING_KEY_HOURS",
    "identity": "BAREMINT_SIGNING_KEY_HOURS",
}
KEY_POLICIES = keyring.policies(
    signing_key=timedelta(hours=BAREMINT_SIGNING_KEY_HOURS),
    endpoint_certificate=timedelta(hours=BAREMINT_ENDPOINT_CERTIFICATE_HOURS),
    intermediate=timedelta(days=BAREMINT_INTERMEDIATE_DAYS),
    root=timedelta(days=BAREMINT_ROOT_DAYS),
)
if problem := keyring.contradiction(KEY_POLICIES, tick=timedelta(seconds=BAREMINT_TICK_SECONDS)):
    raise ImproperlyConfigured(f"{PERIOD_SETTINGS[problem[0]]}: the period of the {problem[0]} key {problem[1]}.")

# --- Certificates -------------------------------------------------------------------------------------------
# Whether switching the metadata service off revokes the certificates that a server got until then.
BAREMINT_REVOKE_ON_DISABLE = env.bool("BAREMINT_REVOKE_ON_DISABLE", default=True)
# How long a revocation list of an intermediate authority is good. A new one is signed at half of that, and at once
# after a revocation.
BAREMINT_CRL_SECONDS = env.between("BAREMINT_CRL_SECONDS", 60, 604_800, default=3600)

# --- Secrets ------------------------------------------------------------------------------------------------
# Sessions and pagination cursors only; private keys are encrypted under the KEK, never under this.
SECRET_KEY = env.str("BAREMINT_SECRET_KEY", default="") or HOME.secret(home.SECRET_KEY_FILE)
# Key-encryption keys, comma separated, newest first. Empty: the data directory's own.
BAREMINT_KEK = env.list("BAREMINT_KEK", default=[])

# --- Django -------------------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = env.list(
    "BAREMINT_ALLOWED_HOSTS",
    default=[
        BAREMINT_HOST,
        "127.0.0.1",
        ".localhost",
        "[::1]",
        "iam.cloud.ibm.com",
        ".iaas.cloud.ibm.com",
        "resource-controller.cloud.ibm.com",
        "api.global-search-tagging.cloud.ibm.com",
        "tags.global-search-tagging.cloud.ibm.com",
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

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "controlplane.kernel.restframework.RestFramework",
    "drf_spectacular",
    "controlplane.activity",
    "controlplane.timekeeping",
    "trustedprofiles",
    "servers",
    "identity",
    "controlplane.objectstore",
    "controlplane.operations",
    "controlplane.console",
]

MIDDLEWARE = [
    "controlplane.kernel.middleware.RequestContextMiddleware",
    "controlplane.kernel.middleware.ServiceHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "controlplane.kernel.middleware.SlashCollapsingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
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

# --- Database -----------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="")
EMBEDDED_DATABASE = not DATABASE_URL
EMBEDDED = {"ENGINE": "django.db.backends.sqlite3", "NAME": HOME.path / home.DATABASE_FILE}
DATABASES = {"default": env.db_url_config(DATABASE_URL) if DATABASE_URL else EMBEDDED}
DATABASES["default"]["CONN_MAX_AGE"] = None
if "ENGINE" not in DATABASES["default"]:
    raise ImproperlyConfigured("DATABASE_URL is not understood. Its form is postgresql://user:password@host:5432/name.")
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a deferred transaction that reads and then writes loses its write under contention.
    # synchronous NORMAL survives kill -9 but not a power cut; FULL survives both and costs an fsync a write.
    # The kernel keeps what is read of the file, for all processes. SQLite's own 2,000 KiB of it, in each of a dozen
    # connections, would be most of what a process weighs beside what it shares with the others.
    kept = 400
    synchronous = env.choice("BAREMINT_SQLITE_SYNCHRONOUS", options=("NORMAL", "FULL"))
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA cache_size=-{kept};",
    }

# --- Broker and Celery --------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED_BROKER = not REDIS_URL
VALKEY_SOCKET = HOME.socket("valkey.sock")
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{VALKEY_SOCKET}"
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
        "task": "controlplane.operations.tasks.tick",
        "schedule": BAREMINT_TICK_SECONDS,
        "options": {"expires": BAREMINT_TICK_SECONDS * 2},
    }
}

# --- Faults, for tests --------------------------------------------------------------------------------------
# Where a process ends itself as kill -9 would (controlplane/kernel/failpoints.py). Empty: nowhere.
BAREMINT_FAILPOINT = env.str("BAREMINT_FAILPOINT", default="")

# --- REST ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["identity.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["trustedprofiles.permissions.ActionPermission"],
    "DEFAULT_PARSER_CLASSES": ["controlplane.kernel.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "controlplane.kernel.envelopes.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "controlplane.operations.openapi.schema.OperationSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Baremint",
    "DESCRIPTION": "A simulator of IBM Cloud VPC bare metal servers, their metadata service and IAM.",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["controlplane.operations.openapi.document.complete"],
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
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
CSRF_FAILURE_VIEW = "controlplane.console.views.errors.csrf_failed"
BEHIND_TLS = env.bool("BAREMINT_BEHIND_TLS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
# The proxy says in which scheme it was asked, and lets nobody else say it: links in answers follow.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SILENCED_SYSTEM_CHECKS = [
    # The default deployment is plain http on a loopback address; a proxy that adds TLS also redirects and
    # sends HSTS (W004, W008). With BAREMINT_BEHIND_TLS=true both cookies below become Secure.
    "security.W004",
    "security.W008",
    *([] if BEHIND_TLS else ["security.W012", "security.W016"]),
]

# --- Logs ---------------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("BAREMINT_LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "controlplane.kernel.logs.configure"
LOGGING = {"level": LOG_LEVEL}
