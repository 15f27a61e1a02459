"""Pages to look at and to send: one file each, figures inside, nothing loaded from elsewhere."""
