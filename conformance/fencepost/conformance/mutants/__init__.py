"""Mutants: vaults with one flaw each, against which the kit measures its own strength, and the vault without."""

from fencepost.conformance.mutants.catalogue import CATALOGUE, compose, mutant
from fencepost.conformance.mutants.mutant import Direction, Group, Mutant
from fencepost.conformance.mutants.vault import Vault

__all__ = ["CATALOGUE", "Direction", "Group", "Mutant", "Vault", "compose", "mutant"]
