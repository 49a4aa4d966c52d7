"""ASGI entry point of the embedded server: pages run as WSGI in threads, far faster than Django's ASGI handler."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware

from config.wsgi import application as pages

application = WSGIMiddleware(pages, workers=8)
