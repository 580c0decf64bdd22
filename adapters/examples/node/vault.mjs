// The vault: what you replace by your own implementation. One method for each method of the contract.

import { PROFILES } from "./profiles.mjs";
import { folded, isSubnetId, rangeOf, touchesPrivate } from "./rules.mjs";

const ENDPOINT = "Microsoft.KeyVault"; // letter for letter
const NO_RULES = { bypass: "AzureServices", defaultAction: "Allow", ipRules: [], virtualNetworkRules: [] };

/** A write that is not carried out. A refusal is an answer of the contract, not an error. */
class Refusal extends Error {}

export class Vault {
  #profile;
  #name;
  #acls = NO_RULES;
  #endpoints = new Map(); // folded subnet id → whether its service endpoint is on

  constructor(profile) {
    if (!Object.hasOwn(PROFILES, profile)) {
      throw new Error(`no profile ${profile}; known are ${Object.keys(PROFILES).join(", ")}`);
    }
    this.#name = profile;
    this.#profile = PROFILES[profile];
  }

  describe() {
    return {
      protocol: 1,
      name: "node-example",
      version: "1.0.0",
      profile: this.#name,
      features: [
        "read-back", "incremental-rules", "service-endpoints", "trusted-services", "caller-credentials", "decision-codes",
      ],
      choices: this.#profile.choices,
    };
  }

  reset({ subnets }) {
    this.#acls = NO_RULES;
    this.#endpoints = new Map(subnets.map(({ id, serviceEndpoints }) => [folded(id), serviceEndpoints.includes(ENDPOINT)]));
    return {};
  }

  setServiceEndpoints({ subnet, serviceEndpoints }) {
    this.#endpoints.set(folded(subnet), serviceEndpoints.includes(ENDPOINT));
    return {};
  }

  // --- writes: the new rule set is built beside the old one and takes its place in one step, or not at all

  putRules({ networkAcls }) {
    return this.#write(() => ({
      ...switches({ ...NO_RULES, ...networkAcls }),
      ipRules: list(networkAcls, "ipRules").map((entry) => this.#ipRule(entry)),
      virtualNetworkRules: list(networkAcls, "virtualNetworkRules").map((entry) => this.#subnetRule(entry)),
    }));
  }

  updateRules({ bypass = this.#acls.bypass, defaultAction = this.#acls.defaultAction }) {
    return this.#write(() => ({ ...this.#acls, ...switches({ bypass, defaultAction }) }));
  }

  addIpRule(entry) {
    return this.#write(() => ({ ...this.#acls, ipRules: [...this.#acls.ipRules, this.#ipRule(entry)] }));
  }

  removeIpRule({ value }) {
    const key = this.#addressKey(value);
    const ipRules = this.#acls.ipRules.filter((rule) => rule.key !== key);
    return this.#write(() => ({ ...this.#acls, ipRules }));
  }

  addVirtualNetworkRule(entry) {
    return this.#write(() => {
      const virtualNetworkRules = [...this.#acls.virtualNetworkRules, this.#subnetRule(entry)];
      return { ...this.#acls, virtualNetworkRules };
    });
  }

  removeVirtualNetworkRule({ id }) {
    const key = typeof id === "string" ? folded(id) : null;
    const virtualNetworkRules = this.#acls.virtualNetworkRules.filter((rule) => rule.key !== key);
    return this.#write(() => ({ ...this.#acls, virtualNetworkRules }));
  }

  #write(build) {
    try {
      const acls = build();
      for (const kind of ["ipRules", "virtualNetworkRules"]) {
        if (acls[kind].length > this.#profile[kind]) throw new Refusal(`at most ${this.#profile[kind]} ${kind}`);
      }
      this.#acls = acls;
      return { accepted: true };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { accepted: false, status: 400, code: "BadRequest", message: error.message };
    }
  }

  #ipRule(entry) {
    const value = entry?.value;
    const range = rangeOf(value);
    if (range === null) throw new Refusal("an IP rule is an IPv4 address or a CIDR range without host bits");
    if (range.prefix === 0 || range.prefix > this.#profile.longestPrefix) {
      throw new Refusal(`a prefix is from 1 to ${this.#profile.longestPrefix}`);
    }
    if (touchesPrivate(range)) throw new Refusal(`${value} belongs to a private range`);
    return { ...range, value, key: this.#addressKey(value) };
  }

  /** The value as it compares; where the profile says so, an address and its /32 are one rule. */
  #addressKey(value) {
    const single = this.#profile.singleAddressIsSlash32 && typeof value === "string" && !value.includes("/");
    return single ? `${value}/32` : value;
  }

  #subnetRule(entry) {
    const id = entry?.id;
    if (!isSubnetId(id)) throw new Refusal("a virtual network rule names a subnet by its full id");
    const key = folded(id);
    // A rule in force stays acceptable when its subnet has lost the endpoint since.
    const inForce = this.#acls.virtualNetworkRules.some((rule) => rule.key === key);
    const endpointMatters = entry.ignoreMissingVnetServiceEndpoint !== true && !inForce;
    if (endpointMatters && !this.#endpoints.get(key)) throw new Refusal(`${id} has no endpoint for ${ENDPOINT}`);
    return { id, key };
  }

  getRules() {
    const { bypass, defaultAction, ipRules, virtualNetworkRules } = this.#acls;
    return {
      networkAcls: {
        bypass,
        defaultAction,
        // The key has the /32 where the profile reads a single address back that way.
        ipRules: ipRules.map(({ key }) => ({ value: key })),
        virtualNetworkRules: virtualNetworkRules.map(({ id }) => ({ id })),
      },
    };
  }

  // --- decisions

  decide({ requests }) {
    return { decisions: requests.map((request) => this.#decision(request)) };
  }

  #decision({ plane, source, caller = {} }) {
    if (caller.authenticated === false) return { outcome: "deny", status: 401, code: "Unauthorized" };
    if (plane === "data" && !this.#letsThrough(source, caller)) {
      return { outcome: "deny", status: 403, code: "ForbiddenByFirewall" };
    }
    if (caller.authorized === false) return { outcome: "deny", status: 403, code: "ForbiddenByPolicy" };
    return { outcome: "allow", status: 200 };
  }

  /** One criterion is enough. */
  #letsThrough(source, caller) {
    const { bypass, defaultAction, ipRules, virtualNetworkRules } = this.#acls;
    if (defaultAction === "Allow") return true;
    if (bypass === "AzureServices" && this.#isTrusted(caller)) return true;
    const address = rangeOf(source.address).first;
    if (ipRules.some((rule) => rule.first <= address && address <= rule.last)) return true;
    if (source.subnet === undefined) return false;
    const key = folded(source.subnet);
    return this.#endpoints.get(key) === true && virtualNetworkRules.some((rule) => rule.key === key);
  }

  #isTrusted(caller) {
    const { trustedServices } = this.#profile;
    return trustedServices === null ? caller.trusted === true : trustedServices.has(caller.service);
  }
}

/** The two switches, if they are words of the specification, letter for letter. */
function switches({ bypass, defaultAction }) {
  if (!["AzureServices", "None"].includes(bypass)) throw new Refusal("bypass is AzureServices or None");
  if (!["Allow", "Deny"].includes(defaultAction)) throw new Refusal("defaultAction is Allow or Deny");
  return { bypass, defaultAction };
}

/** The list of that name; an absent one is empty, anything but a list is refused. */
function list(acls, name) {
  const entries = acls[name] === undefined ? [] : acls[name];
  if (!Array.isArray(entries)) throw new Refusal(`${name} is a list`);
  return entries;
}
