"""Theme, words and small widgets that every page uses."""
