"""A custom check: refuse a challenger whose recall differs too much between groups of customers.

Copy it to `checks/fairness.py` in your repository and name it in the policy, beside the slices it reads:

    checks:
      slices:
        - by: [contract]
          metrics: [{name: recall_score, greater_is_better: true, threshold: 0.0}]
      custom:
        - {name: fairness, command: [python, checks/fairness.py]}

Promoter runs the file as it is at the base commit, hands it the evidence as JSON on standard input, and
reads one JSON object from standard output. It needs nothing but Python's standard library. Try it on the
evidence of a run of yours with one request, which has the same form:

    python checks/fairness.py < evidence.json
"""

import json
import sys
from itertools import groupby
from operator import itemgetter

METRIC = "recall_score"
LARGEST_GAP = 0.1
# Recall on a handful of rows says nothing of the group.
FEWEST_ROWS = 50


def groups(request: dict) -> dict:
    """For each set of columns: the slices that are large enough, as (name, recall of the challenger)."""
    measurement = request["measurement"] or {"slices": []}
    found = []
    for one in measurement["slices"]:
        columns = ", ".join(column for column, _ in one["values"])
        name = ", ".join(f"{column}={value}" for column, value in one["values"])
        recall = one["estimates"].get(METRIC, {}).get("challenger")
        if one["rows"] >= FEWEST_ROWS and recall is not None:
            # What is no finite number is written as a text, such as "nan": never take it for a small one.
            found.append((columns, name, recall))
    by_columns = groupby(sorted(found, key=itemgetter(0)), key=itemgetter(0))
    return {columns: [one[1:] for one in slices] for columns, slices in by_columns}


def judge(slices: list) -> tuple:
    """The outcome for slices by the same columns, and a sentence on it."""
    odd = [name for name, recall in slices if not isinstance(recall, float)]
    if odd:
        return "failed", f"recall of {odd[0]} is not a number"
    (worst, lowest), (best, highest) = min(slices, key=itemgetter(1)), max(slices, key=itemgetter(1))
    gap = highest - lowest
    found = f"recall is {lowest:.3f} for {worst} and {highest:.3f} for {best}: a gap of {gap:.3f}"
    outcome = "failed" if gap > LARGEST_GAP else "passed"
    return outcome, f"{found}, and at most {LARGEST_GAP} is allowed"


def answer(evidence: dict) -> dict:
    """What Promoter is told: an outcome, a sentence, and one result for each set of columns."""
    (request,) = evidence["requests"]
    results = []
    for columns, slices in groups(request).items():
        # One group alone can be compared with nothing.
        if len(slices) > 1:
            outcome, message = judge(slices)
            results.append({"subject": columns[:100], "outcome": outcome, "message": message[:500]})
    if not results:
        # Silence is no yes: a policy that asks for fairness and measures no slices has to be corrected.
        return {"outcome": "inconclusive", "message": f"the evidence has no two slices with {METRIC}"}
    unfair = [one["subject"] for one in results if one["outcome"] != "passed"]
    if unfair:
        return {"outcome": "failed", "message": f"unfair by {'; '.join(unfair)}"[:500], "results": results}
    return {"outcome": "passed", "message": "all groups are found about equally well", "results": results}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
