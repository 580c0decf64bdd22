"""The files by which others run a campaign: a Kubernetes Job, a workflow of GitHub, a pipeline of GitLab."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from fencepost.conformance.campaign.plan_file import CampaignPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the files name: the plan's path, the image with fencepost and the subject, the command that installs."""

    plan: str
    image: str
    install: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who runs the campaign: the name of its file, and how many shards it takes at the most.

    `installs` says whether each shard installs fencepost and the subject itself. The text of the file is
    `target_templates/NAME.txt`, with blanks `<<…>>`.
    """

    name: str
    file_name: str
    most_shards: int
    installs: bool

    def text(self, plan: CampaignPlan, place: Place) -> str:
        """The text of the file; what may hold any character is a scalar of YAML, of which JSON is a part."""
        shards = len(plan.shards)
        blanks = {
            "campaign": plan.campaign,
            "shards": str(shards),
            "at once": str(min(shards, 8)),
            "numbers": ", ".join(str(shard.number) for shard in plan.shards),
            "plan": place.plan,
            "image": json.dumps(place.image),
            "install": json.dumps(place.install),
            "parallel": f"\n  parallel: {shards}" if shards > 1 else "",
            "shard": "" if shards > 1 else " --shard 1/1",
        }
        template = files("fencepost.conformance.campaign").joinpath("target_templates", f"{self.name}.txt")
        return re.sub("<<(.*?)>>", lambda blank: blanks[blank[1]], template.read_text(encoding="utf-8"))


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for target in (
            Target(name="kubernetes", file_name="campaign.kubernetes.yaml", most_shards=100_000, installs=False),
            Target(name="github", file_name="campaign.github.yml", most_shards=256, installs=True),
            Target(name="gitlab", file_name="campaign.gitlab-ci.yml", most_shards=200, installs=True),
        )
    }
)
"""By the names that `campaign plan --for` takes."""
