"""What `make demo` trains on, and how near the trained networks came."""
