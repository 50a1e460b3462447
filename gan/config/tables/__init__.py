"""Tables of everything that is chosen by name; rows name their code, which is imported later."""
