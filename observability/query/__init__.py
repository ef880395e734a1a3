"""Running queries: on Azure, or on files of this machine, behind one interface."""
