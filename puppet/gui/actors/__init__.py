"""The pages of the collection and of a new actor."""
