"""Between engine and widgets: one presenter for each subject."""
