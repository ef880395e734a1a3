"""Every number that can wake somebody, one file a system."""
