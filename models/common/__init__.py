"""Command-line arguments, picture writers, sample sheets: what several rooms use."""
