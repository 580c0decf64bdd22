"""Real engines and matching libraries as adapter files: `NAME.cli.toml` and `NAME.rest.toml` are the subjects NAME."""
