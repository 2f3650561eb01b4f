"""One file per kind of link; nothing else lists them."""
