"""Commands that work without Django: they call the running Baremint over REST, or start and stop it.

Each command is written once. ``without_django`` runs it; ``management/commands`` offers it to ``call_command``, and
reads the database when Baremint does not run. Nothing here imports Django or an app.
"""
