"""Footage to data set: tracking, cleaning, coverage, HDF5."""
