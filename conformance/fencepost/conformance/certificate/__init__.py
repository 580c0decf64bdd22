"""Certificates: a signed record of a full-length run and its answers, which anybody can check."""
