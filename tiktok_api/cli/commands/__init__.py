"""The commands of `tiktok-api`, one module for each group."""
