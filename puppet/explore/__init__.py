"""An actor's latent space without a window: moves through it, bookmarks, typed commands."""
