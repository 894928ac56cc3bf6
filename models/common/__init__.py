"""Types, rows, devices, command-line arguments, picture writers and sheets that several rooms of models use."""
