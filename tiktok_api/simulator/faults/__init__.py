"""What goes wrong on demand: `rules` say what and when, `middleware` does it, `journal` records what was asked."""
