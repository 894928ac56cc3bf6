"""What a file says about itself: metadata (XMP), a visible badge, a signed statement (C2PA)."""
