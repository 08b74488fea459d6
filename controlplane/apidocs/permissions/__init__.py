"""The actions that operations need and the roles that grant them, read from the code and shown as a page."""
