"""The actor file: reading, checking and running it, and the collection of actors."""
