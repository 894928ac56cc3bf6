"""The default actor: geometry moves a mesh, a small VAE paints its texture."""
