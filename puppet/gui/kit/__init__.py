"""What every page uses: theme, translation, dialogs, background work and small widgets."""
