"""Performance, measured as ratios against another program in the same run."""
