"""Azure's wire in front of any subject: the control plane, the data plane, tokens, and who is calling."""
