"""The lab's CloudStack: an ASGI application that answers as the recorded server does."""
