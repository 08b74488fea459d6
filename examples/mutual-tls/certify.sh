#!/bin/sh
# Gets an identity certificate, as a program on a server does.
#
#   certify.sh URL FOLDER AUTHORITIES
#
# URL: the server's metadata service. FOLDER: where key and certificates go. AUTHORITIES: the root certificates to believe,
# PEM. Leaves in FOLDER: key.pem, chain.pem (its own certificate, then the authority that issued it), authorities.pem,
# server (whom the certificate names), certificate (its id), list (where its issuer tells what is revoked).
set -eu
url=$1
mkdir -p "$2"
cp "$3" "$2/authorities.pem"
cd "$2"
umask 077

# The key is made here, and stays here. What leaves is a request: the public half, signed with the private one. It says
# nothing of who asks. The service writes the name itself, for it knows from the network who is calling.
openssl req -new -sha256 -newkey rsa:2048 -nodes -subj /C=US -keyout key.pem -out request.pem 2>/dev/null

call() {
  path=$1
  shift
  curl -sS -A "${BAREMINT_AGENT:-certify.sh}" --fail-with-body --cacert authorities.pem "$url/identity/v1/$path?version=2025-08-26" "$@"
}
member() { python3 -c 'import json, sys; print("".join(json.load(sys.stdin)[sys.argv[1]]))' "$1"; }
token=$(call token -X PUT -H 'Metadata-Flavor: ibm' | member access_token)
python3 -c 'import json; print(json.dumps({"csr": open("request.pem").read(), "expires_in": 3600}))' \
  | call certificates -H "Authorization: Bearer $token" -d @- >answer.json
member certificates <answer.json >chain.pem
member id <answer.json >certificate

# The common name is the id of the server. A list of what is revoked is at an address that the certificate names.
openssl x509 -in chain.pem -noout -subject -nameopt multiline | sed -n 's/.*commonName *= //p' >server
openssl x509 -in chain.pem -noout -ext crlDistributionPoints | sed -n 's/.*URI://p' >list
echo "$(cat server) has a certificate until $(openssl x509 -in chain.pem -noout -enddate | sed 's/notAfter=//')."
