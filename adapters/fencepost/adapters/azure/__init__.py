"""What the server and the client of Azure's wire share: recorded facts and the target file."""
