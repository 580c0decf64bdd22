"""The pytest plugin: the option `--iut`, the `clause` marker, and the subject that the suite asks."""
