"""Files of the program: folders, names, atomic writing, locks, and what a killed process left unfinished."""
