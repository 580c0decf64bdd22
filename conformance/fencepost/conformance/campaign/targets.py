"""The files by which others run a campaign: a Kubernetes Job, a workflow of GitHub, a pipeline of GitLab."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent, indent
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
    """Who runs the campaign: the name of its file, how many shards it takes at the most, and the text of the file.

    `installs` says whether each shard installs fencepost and the subject itself.
    """

    file_name: str
    most_shards: int
    text: Callable[[CampaignPlan, Place], str]
    installs: bool


def _quoted(text: str) -> str:
    """The text as a scalar of YAML, of which JSON is a part."""
    return json.dumps(text)


def _kubernetes(plan: CampaignPlan, place: Place) -> str:
    shards = len(plan.shards)
    return dedent(f"""\
        # Campaign {plan.campaign}. The claim `fencepost-campaign` holds campaign.json and takes the streams.
        # A pod that ends with 75 is tried again, a pod that ends with 2 is not: its usage was bad.
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: fencepost-{plan.campaign}
        spec:
          completionMode: Indexed
          completions: {shards}
          parallelism: {min(shards, 8)}
          backoffLimitPerIndex: 3
          maxFailedIndexes: {shards}
          podFailurePolicy:
            rules:
              - action: FailIndex
                onExitCodes:
                  containerName: shard
                  operator: In
                  values: [2]
              - action: Ignore
                onPodConditions:
                  - type: DisruptionTarget
                    status: "True"
          template:
            spec:
              restartPolicy: Never
              containers:
                - name: shard
                  image: {_quoted(place.image)}
                  # The shard is that of JOB_COMPLETION_INDEX, which Kubernetes sets.
                  command: ["fencepost", "campaign", "run", "/campaign/campaign.json", "--out", "/campaign/shards"]
                  volumeMounts:
                    - name: campaign
                      mountPath: /campaign
              volumes:
                - name: campaign
                  persistentVolumeClaim:
                    claimName: fencepost-campaign
        """)


_GITHUB_SET_UP = """\
- uses: actions/checkout@v4
- uses: actions/setup-python@v5
  with:
    python-version: "3.12"
"""


def _github(plan: CampaignPlan, place: Place) -> str:
    shards = len(plan.shards)
    numbers = ", ".join(str(shard.number) for shard in plan.shards)
    set_up = indent(_GITHUB_SET_UP + f"- run: {_quoted(place.install)}", " " * 14).lstrip()
    run = f"fencepost campaign run {place.plan} --shard ${{{{ matrix.shard }}}}/{shards} --out shards"
    return dedent(f"""\
        # Campaign {plan.campaign}: to be kept as .github/workflows/fencepost-campaign.yml.
        name: fencepost campaign
        on:
          workflow_dispatch:
        jobs:
          shard:
            runs-on: ubuntu-latest
            strategy:
              fail-fast: false
              matrix:
                shard: [{numbers}]
            steps:
              {set_up}
              - name: run the shard, and try again where its stream could not be made
                run: |
                  for try in 1 2 3; do
                    status=0
                    {run} || status=$?
                    [ "$status" -eq 75 ] || exit "$status"
                  done
                  exit 75
              - uses: actions/upload-artifact@v4
                with:
                  name: shard-${{{{ matrix.shard }}}}
                  path: shards
          merge:
            needs: shard
            if: always()
            runs-on: ubuntu-latest
            steps:
              {set_up}
              - uses: actions/download-artifact@v4
                with:
                  pattern: shard-*
                  path: shards
              - run: fencepost campaign merge {place.plan} shards --report fencepost-report
              - uses: actions/upload-artifact@v4
                if: always()
                with:
                  name: fencepost-report
                  path: fencepost-report
        """)


def _gitlab(plan: CampaignPlan, place: Place) -> str:
    shards = len(plan.shards)
    parallel = f"\n          parallel: {shards}" if shards > 1 else ""
    index = "" if shards > 1 else " --shard 1/1"
    return dedent(f"""\
        # Campaign {plan.campaign}: to be included in .gitlab-ci.yml.
        stages: [shards, merge]

        fencepost shard:
          stage: shards
          image: {_quoted(place.image)}{parallel}
          # The shard is that of CI_NODE_INDEX, which GitLab sets.
          script:
            - {_quoted(place.install)}
            - fencepost campaign run {place.plan} --out shards{index}
          retry:
            max: 2
            exit_codes: [75]
          artifacts:
            paths: [shards]

        fencepost merge:
          stage: merge
          image: {_quoted(place.image)}
          when: always
          script:
            - {_quoted(place.install)}
            - fencepost campaign merge {place.plan} shards --report fencepost-report
          artifacts:
            when: always
            paths: [fencepost-report]
            reports:
              junit: fencepost-report/junit.xml
        """)


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "kubernetes": Target(
            file_name="campaign.kubernetes.yaml", most_shards=100_000, text=_kubernetes, installs=False
        ),
        "github": Target(file_name="campaign.github.yml", most_shards=256, text=_github, installs=True),
        "gitlab": Target(file_name="campaign.gitlab-ci.yml", most_shards=200, text=_gitlab, installs=True),
    }
)
"""By the names that `campaign plan --for` takes."""
