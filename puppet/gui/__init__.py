"""The window. The only part of the program that imports PyQt6."""
