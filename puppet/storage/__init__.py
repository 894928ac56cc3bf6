"""Files of the program's own: folders, whole writes, locks, and what a killed process left unfinished."""
