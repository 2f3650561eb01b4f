"""A report to text; pure; one file per format."""
