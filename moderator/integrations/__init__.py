"""What other programs load so that they ask a moderator server."""
