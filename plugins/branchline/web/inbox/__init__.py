"""The inbox of webhooks: what comes in by it, which inboxes there are, and how one is set up."""
