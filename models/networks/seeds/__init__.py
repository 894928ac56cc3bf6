"""The networks of the four seed documents, rebuilt; the int8 seed is the measured baseline."""
