"""Latent spaces of runs and actor files: attributes, walks, performances."""
