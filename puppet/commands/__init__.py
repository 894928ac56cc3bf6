"""The commands, one file each; the only room that puts all others together."""
