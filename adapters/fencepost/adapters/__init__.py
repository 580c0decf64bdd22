"""Adapters and carriers of implementations, and the contract that connects them with the kit."""
