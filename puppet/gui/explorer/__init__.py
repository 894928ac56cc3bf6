"""The widgets of the latent space explorer."""
