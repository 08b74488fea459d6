"""Runs the parts of the suite, measures them, and says what was slow, tried again or left behind.

``python -m tests.suite --help`` lists the parts; the Makefile's targets are made of them.
"""
