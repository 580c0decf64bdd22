"""Implementations plugged into the kit, and the contract that they are spoken to by."""
