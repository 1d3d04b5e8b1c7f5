"""The real gateway under gunicorn and gevent, a real vendor process behind it, official clients in front."""
