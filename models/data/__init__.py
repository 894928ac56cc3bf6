"""Footage to data set: tracking, cleaning, coverage report, HDF5 files; labels and driver clips."""
