"""Scripts that build the tables in `moderator/data`; nothing here runs when text is moderated."""
