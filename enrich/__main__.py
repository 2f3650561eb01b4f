"""``python -m enrich``."""

from enrich.cli import main

if __name__ == "__main__":
    main()
