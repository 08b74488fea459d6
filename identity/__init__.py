"""Proof: keys, tokens, certificates, and the HTTP operations that issue them."""
