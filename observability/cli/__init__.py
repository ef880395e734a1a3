"""The command `tripobs`: arguments, exit codes, tables on the terminal; no logic."""
