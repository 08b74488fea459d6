"""TLS listeners whose certificates are issued by Baremint's authority and chosen for each connection."""
