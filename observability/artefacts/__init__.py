"""What is generated: which file is made of what, and the definitions and sections behind it."""
