"""Certificates: a run at full length with everything that was said in it, signed, and how a sceptic checks one."""
