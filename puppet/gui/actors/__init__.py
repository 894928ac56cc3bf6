"""The pages Actors (the collection) and New actor."""
