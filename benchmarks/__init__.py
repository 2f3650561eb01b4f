"""Performance, measured as ratios against another program in the same run."""

from __future__ import annotations

from pathlib import Path

# The checkout whose enrich is measured.
ROOT = Path(__file__).resolve().parents[1]
