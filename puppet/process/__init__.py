"""This process: its environment, signals, memory and log."""
