"""Which operation needs which action, and which roles grant it: read from the code, shown as a page."""
