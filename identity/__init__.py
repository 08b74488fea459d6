"""Proof: keys, tokens, certificates, and the doors where they are handed out."""
