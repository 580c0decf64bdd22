"""From a file that people keep vaults in to a `networkAcls` object: ARM, REST, the Azure CLI, PowerShell, Terraform."""
