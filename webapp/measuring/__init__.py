"""How long the pages of a filled report take: in the database, and to their last byte."""
