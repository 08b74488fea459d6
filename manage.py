#!/usr/bin/env python
"""Run a Baremint command from the checkout: ``python manage.py up`` equals ``baremint up``."""

from controlplane.__main__ import main

if __name__ == "__main__":
    main()
