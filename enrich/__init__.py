"""enrich finds every link in a folder of notes, and what became of it."""

from enrich.extract import extract
from enrich.model import Link

__version__ = "0.1.0"

__all__ = ["Link", "__version__", "extract"]
