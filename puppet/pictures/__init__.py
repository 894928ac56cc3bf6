"""Picture files from outside: checked before decoding, decoded in one place."""
