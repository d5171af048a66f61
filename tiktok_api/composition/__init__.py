"""The parts of `app.py`: what is composed once and handed to routes, tasks and checks."""
