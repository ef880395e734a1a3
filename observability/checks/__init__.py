"""Opinions on all definitions together: each returns problems and prints nothing."""
