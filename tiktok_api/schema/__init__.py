"""The database's schema: `migrations_folder` finds the revisions, `revisions` compares and upgrades the database."""
