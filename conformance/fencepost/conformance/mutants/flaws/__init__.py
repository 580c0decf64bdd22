"""The flaws, several to a module; each decorated class is an entry of the catalogue."""
