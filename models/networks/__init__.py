"""The interface of a network, its configuration, and layers and losses that architectures share."""
