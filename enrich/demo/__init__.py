"""Bundled notes and a bundled small web, to see the whole job without a network."""
