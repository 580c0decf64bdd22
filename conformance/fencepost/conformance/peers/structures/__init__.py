"""Twelve correct address matchers, each a data structure of its own, and the one vault around all of them."""
