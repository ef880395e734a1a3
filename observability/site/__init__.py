"""The catalogue as static pages: every alert with its number, its reason, its query and what it did in an incident."""
