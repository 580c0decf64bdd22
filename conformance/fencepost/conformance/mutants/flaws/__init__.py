"""The flaws themselves, some to a module; each becomes an entry of the catalogue where it is written."""
