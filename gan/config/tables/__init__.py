"""Tables of what is chosen by name: values only, code by reference."""
