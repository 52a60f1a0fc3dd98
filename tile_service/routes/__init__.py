"""Addresses and their answers over HTTP, as bare ASGI: what each route reads and sends."""
