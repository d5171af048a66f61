"""Labels, ids of the client, copies and deletion."""
