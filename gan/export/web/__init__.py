"""Format web: a folder of static files that translates pictures in a browser."""
