"""Shared modules without models. They import no app."""
