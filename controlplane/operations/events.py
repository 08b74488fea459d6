"""Activity events of the operation of the deployment."""

PERSON_CREATE = "baremint.person.create"
JOB_LIST = "baremint.job.list"
CERTIFICATE_RENEWAL_READ = "baremint.certificate-renewal.read"
