"""The widgets of the live page."""
