"""enrich finds every link in a folder of notes, and what became of it."""

__version__ = "0.1.0"

__all__ = ["__version__"]
