"""Learns the files of puppet/assets (rest.npz, people.npz) from synthetic people."""
