"""The running process: its environment, signals, memory and log."""
