"""The revisions of the database: where they are, which one this code wants, and the way from one to the other."""
