"""What a deployment is told by its environment: every value once. Standard library only, for commands read it that load
nothing else. All have working defaults (see README, "Settings")."""

from controlplane.deployment import env
from controlplane.deployment.home import Home, find_home

# --- Where things are ---------------------------------------------------------------------------------------
HOME = Home(find_home()[0])
BAREMINT_HOST = env.text("BAREMINT_HOST", default="127.0.0.1").lower()
BAREMINT_PORT = env.whole("BAREMINT_PORT", default=8000)
BAREMINT_METADATA_PORT = env.whole("BAREMINT_METADATA_PORT", default=8169)
BAREMINT_METADATA_TLS_PORT = env.whole("BAREMINT_METADATA_TLS_PORT", default=8170)
# Where people and programs reach the control plane: the base of the links in its answers.
BAREMINT_PUBLIC_URL = env.in_one_spelling(
    env.url(
        "BAREMINT_PUBLIC_URL",
        schemes=env.WEB,
        form="https://baremint.example",
        default=env.origin(BAREMINT_HOST, BAREMINT_PORT),
    )
).rstrip("/")
# Where the object store reaches IAM, for keys and decisions. Empty: in its own process.
BAREMINT_COS_IAM_URL = env.url("BAREMINT_COS_IAM_URL", schemes=env.WEB, form="https://iam.example", default="").rstrip(
    "/"
)
# MB that one account may have in the object store.
BAREMINT_COS_QUOTA = env.between("BAREMINT_COS_QUOTA", 1, 1024**3, default=10 * 1024)
# Processes of each HTTP service, and Python threads in each process.
BAREMINT_WORKERS = env.between("BAREMINT_WORKERS", 1, 64, default=2)
BAREMINT_THREADS = env.between("BAREMINT_THREADS", 1, 256, default=2)
# How long the services may take to be ready before ``baremint up`` gives up.
BAREMINT_START_SECONDS = env.between("BAREMINT_START_SECONDS", 1, 3600, default=60)

# --- What is simulated --------------------------------------------------------------------------------------
BAREMINT_REGION = env.text("BAREMINT_REGION", default="us-south")
BAREMINT_PROVISION_SECONDS = env.seconds("BAREMINT_PROVISION_SECONDS", 0, default=2.0)
# What a server in the lab gets whose metadata service is off: a refusal, or no answer at all.
BAREMINT_METADATA_DISABLED = env.choice("BAREMINT_METADATA_DISABLED", options=("forbid", "drop"))
# How a process of the metadata service knows who calls (identity/inside/caller_address.py): loopback or lab.
METADATA_ATTACHMENT = "loopback"
BAREMINT_INSTANCE_IDENTITY = env.choice("BAREMINT_INSTANCE_IDENTITY", options=("refuse", "allow"))
# Where quotas differ from IBM's (servers/quotas.py): ``bare_metal_servers=100,vpcs=20``.
BAREMINT_QUOTAS = env.counts("BAREMINT_QUOTAS")
BAREMINT_ISSUER = env.url(
    "BAREMINT_ISSUER",
    schemes=env.WEB,
    form="https://iam.example/identity",
    default="https://iam.cloud.ibm.com/identity",
)
# Lifetime of IAM access tokens: IBM's hour, or less where refreshing is to be watched. An SDK core holds a token to be
# expired ten seconds before it is, so a minute is the least that makes sense.
BAREMINT_IAM_TOKEN_SECONDS = env.between("BAREMINT_IAM_TOKEN_SECONDS", 60, 3600, default=3600)
BAREMINT_IDENTITY_ISSUER_PREFIX = env.matching(
    "BAREMINT_IDENTITY_ISSUER_PREFIX", r"[\w.-]+", default="BMS-CR", form="letters, digits, and the signs . _ -"
)

# Periods of keys. Prepared and retiring keys are published around them, for as long as what they sign asks for;
# identity/key_schedule.py derives how long, and which periods are too short.
BAREMINT_SIGNING_KEY_HOURS = env.between("BAREMINT_SIGNING_KEY_HOURS", 1, 8760, default=24)
BAREMINT_ENDPOINT_CERTIFICATE_HOURS = env.between("BAREMINT_ENDPOINT_CERTIFICATE_HOURS", 1, 8760, default=24)
BAREMINT_INTERMEDIATE_DAYS = env.between("BAREMINT_INTERMEDIATE_DAYS", 1, 3650, default=30)
BAREMINT_ROOT_DAYS = env.between("BAREMINT_ROOT_DAYS", 1, 36500, default=1095)
# How often beat looks for what is due.
BAREMINT_TICK_SECONDS = env.seconds("BAREMINT_TICK_SECONDS", 0.1, default=5.0)
# --- Certificates -------------------------------------------------------------------------------------------
# Whether switching the metadata service off revokes the certificates that a server got until then.
BAREMINT_REVOKE_ON_DISABLE = env.switch("BAREMINT_REVOKE_ON_DISABLE", default=True)
# How long a revocation list of an intermediate authority is good. A new one is signed at half of that, and at once
# after a revocation.
BAREMINT_CRL_SECONDS = env.between("BAREMINT_CRL_SECONDS", 60, 604_800, default=3600)

# --- Database and broker ------------------------------------------------------------------------------------
# Empty: both are embedded, and keep what they know in the data directory.
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
# NORMAL survives kill -9 but not a power cut; FULL survives both and costs an fsync a write.
BAREMINT_SQLITE_SYNCHRONOUS = env.choice("BAREMINT_SQLITE_SYNCHRONOUS", options=("NORMAL", "FULL"))
