"""Presenters stand between engine and widgets: one for each subject of the window."""
