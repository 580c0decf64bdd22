"""What the carriers `cli:` and `rest:` have in common: an adapter that is declared in a TOML file."""
