"""How the world is saved, loaded and kept small."""
