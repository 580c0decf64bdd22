// The two profiles: what the 2018 announcement says, and what the documentation says today.

const CHOICES = {
  "host-bits": "reject",
  "private-superset": "reject",
  "superset-matches-private": "yes",
  "reserved-ranges": "accept",
  duplicates: "keep",
  "duplicates-count": "yes",
  "prefix-0": "reject",
  "lost-service-endpoint": "accept",
  "surrounding-blanks": "reject",
  "leading-zeros": "reject",
  "prefix-spelling": "reject",
  "netmask-form": "reject",
  "hostmask-form": "reject",
  "remove-unknown": "ignore",
  "enum-case": "sensitive",
  "null-members": "reject",
  "default-of-bypass": "AzureServices",
  "default-of-default-action": "Allow",
  "unauthenticated-and-blocked": "401",
};

export const PROFILES = {
  "keyvault-2018-preview": {
    ipRules: 127,
    virtualNetworkRules: 127,
    longestPrefix: 30,
    singleAddressIsSlash32: false,
    choices: {
      ...CHOICES,
      "missing-service-endpoint": "reject",
      "single-address-read-back": "bare",
      "trusted-services": "list",
    },
    // "App Services" is announced as coming soon: it is not on the list yet.
    trustedServices: new Set([
      "Azure Virtual Machines deployment service",
      "Azure Resource Manager (ARM) template deployment service",
      "Azure Disk Encryption volume encryption service",
      "Azure Backup",
      "Exchange Online & SharePoint Online",
      "Azure Information Protection",
    ]),
  },
  keyvault: {
    ipRules: 1000,
    virtualNetworkRules: 200,
    longestPrefix: 32,
    singleAddressIsSlash32: true,
    choices: {
      ...CHOICES,
      "prefix-31": "accept",
      "single-address-read-back": "/32",
      "trusted-services": "attribute",
      "trusted-scenarios": "connection",
    },
    trustedServices: null, // each request says it
  },
};
