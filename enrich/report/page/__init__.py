"""The parts of the HTML report: its words, its pictures, its data, and what a browser runs."""
