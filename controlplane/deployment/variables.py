"""The settings of a deployment from environment variables, all with defaults (README, "Settings").

Standard library only, because commands that do not load Django read them.
"""

from controlplane.deployment import env
from controlplane.deployment.home import Home, find_home

# --- Locations ---------------------------------------------------------------------------------------
HOME = Home(find_home()[0])
BAREMINT_HOST = env.text("BAREMINT_HOST", default="127.0.0.1").lower()
BAREMINT_PORT = env.whole("BAREMINT_PORT", default=8000)
BAREMINT_METADATA_PORT = env.whole("BAREMINT_METADATA_PORT", default=8169)
BAREMINT_METADATA_TLS_PORT = env.whole("BAREMINT_METADATA_TLS_PORT", default=8170)
# URL of the control plane for users and programs: the base of the links in its responses.
BAREMINT_PUBLIC_URL = env.normalized(
    env.url(
        "BAREMINT_PUBLIC_URL",
        schemes=env.WEB,
        form="https://baremint.example",
        default=env.origin(BAREMINT_HOST, BAREMINT_PORT),
    )
).rstrip("/")
# URL at which the object store calls IAM, for keys and decisions. Empty: in its own process.
BAREMINT_COS_IAM_URL = env.url("BAREMINT_COS_IAM_URL", schemes=env.WEB, form="https://iam.example", default="").rstrip(
    "/"
)
# Quota of one account in the object store, in MB.
BAREMINT_COS_QUOTA = env.between("BAREMINT_COS_QUOTA", 1, 1024**3, default=10 * 1024)
# Number of processes of each HTTP service, and of threads in each process.
BAREMINT_WORKERS = env.between("BAREMINT_WORKERS", 1, 64, default=2)
BAREMINT_THREADS = env.between("BAREMINT_THREADS", 1, 256, default=2)
# How long ``baremint up`` waits for the services to be ready.
BAREMINT_START_SECONDS = env.between("BAREMINT_START_SECONDS", 1, 3600, default=60)

# --- Simulation --------------------------------------------------------------------------------------
BAREMINT_REGION = env.text("BAREMINT_REGION", default="us-south")
BAREMINT_PROVISION_SECONDS = env.seconds("BAREMINT_PROVISION_SECONDS", 0, default=2.0)
# What a lab server whose metadata service is disabled gets: a refusal, or no response.
BAREMINT_METADATA_DISABLED = env.choice("BAREMINT_METADATA_DISABLED", options=("forbid", "drop"))
# How the metadata service identifies the calling server (identity/inside/caller_address.py): loopback or lab.
METADATA_ATTACHMENT = "loopback"
BAREMINT_INSTANCE_IDENTITY = env.choice("BAREMINT_INSTANCE_IDENTITY", options=("refuse", "allow"))
# Quotas that differ from IBM's (servers/quotas.py): ``bare_metal_servers=100,vpcs=20``.
BAREMINT_QUOTAS = env.counts("BAREMINT_QUOTAS")
BAREMINT_ISSUER = env.url(
    "BAREMINT_ISSUER",
    schemes=env.WEB,
    form="https://iam.example/identity",
    default="https://iam.cloud.ibm.com/identity",
)
# Lifetime of IAM access tokens: IBM's hour, or less to observe refreshes. IBM's SDK core treats a token as expired
# before its end, so a minute is the shortest useful value.
BAREMINT_IAM_TOKEN_SECONDS = env.between("BAREMINT_IAM_TOKEN_SECONDS", 60, 3600, default=3600)
BAREMINT_IDENTITY_ISSUER_PREFIX = env.matching(
    "BAREMINT_IDENTITY_ISSUER_PREFIX", r"[\w.-]+", default="BMS-CR", form="letters, digits, and the signs . _ -"
)

# Periods of keys. Each key is published before and after its period, for as long as its signatures require;
# identity/key_schedule.py derives these times and rejects periods that are too short.
BAREMINT_SIGNING_KEY_HOURS = env.between("BAREMINT_SIGNING_KEY_HOURS", 1, 8760, default=24)
BAREMINT_ENDPOINT_CERTIFICATE_HOURS = env.between("BAREMINT_ENDPOINT_CERTIFICATE_HOURS", 1, 8760, default=24)
BAREMINT_INTERMEDIATE_DAYS = env.between("BAREMINT_INTERMEDIATE_DAYS", 1, 3650, default=30)
BAREMINT_ROOT_DAYS = env.between("BAREMINT_ROOT_DAYS", 1, 36500, default=1095)
# Interval at which beat starts due jobs.
BAREMINT_TICK_SECONDS = env.seconds("BAREMINT_TICK_SECONDS", 0.1, default=5.0)
# --- Certificates -------------------------------------------------------------------------------------------
# Whether disabling the metadata service revokes the certificates that the server has.
BAREMINT_REVOKE_ON_DISABLE = env.switch("BAREMINT_REVOKE_ON_DISABLE", default=True)
# Validity of the revocation list of an intermediate authority. A new list is signed at half of that, and immediately
# after a revocation.
BAREMINT_CRL_SECONDS = env.between("BAREMINT_CRL_SECONDS", 60, 604_800, default=3600)

# --- Database and broker ------------------------------------------------------------------------------------
# Empty: embedded, with their data in the data directory.
DATABASE_URL = env.url(
    "DATABASE_URL",
    schemes=("postgresql", "postgres", "pgsql", "psql", "sqlite"),
    path=r"/.+",
    form="postgresql://user:password@host:5432/name",
)
EMBEDDED_DATABASE = not DATABASE_URL
REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss"), path=r"/?\d*", form="redis://user:password@host:6379/0")
EMBEDDED_BROKER = not REDIS_URL

# --- Durability ---------------------------------------------------------------------------------------------
# NORMAL survives kill -9 but not a power failure; FULL survives both and costs one fsync per write.
BAREMINT_SQLITE_SYNCHRONOUS = env.choice("BAREMINT_SQLITE_SYNCHRONOUS", options=("NORMAL", "FULL"))
