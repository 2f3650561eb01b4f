"""Asking the web: politely, within bounds, and never where notes should not lead.

`enrich.fetch.client` is the way in; it and its neighbours are the only modules that know httpx, beside the
small web of the demonstration, which takes the place of their transport.
"""
