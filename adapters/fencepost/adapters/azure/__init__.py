"""What the server and the client of Azure's wire share: recorded facts, the target file, the PROXY protocol header."""
