"""What Celery does in the background: which jobs there are, when each is due, and one run of one."""
