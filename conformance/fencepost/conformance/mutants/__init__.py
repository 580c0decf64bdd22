"""Mutants, vaults with one flaw each by which the kit measures its strength, and the correct vault they derive from."""

from fencepost.conformance.mutants.catalogue import CATALOGUE, compose, mutant
from fencepost.conformance.mutants.mutant import Direction, Group, Mutant
from fencepost.conformance.mutants.vault import Vault

__all__ = ["CATALOGUE", "Direction", "Group", "Mutant", "Vault", "compose", "mutant"]
