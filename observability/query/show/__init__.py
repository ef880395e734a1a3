"""Reports and single results as text: one module a format, pure functions from data to str."""
