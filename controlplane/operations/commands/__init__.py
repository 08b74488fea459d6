"""What ``baremint`` does without Django: it asks the Baremint that runs, over REST, or starts and stops it.

Each command is written once. ``front`` runs it; ``management/commands`` offers the same to ``call_command``, and reads
the database where ``front`` cannot ask. Nothing here imports Django, or an app.
"""
