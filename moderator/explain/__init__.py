"""Why a document was judged as it was: its text with every segment in the margin, and how the score adds up."""
