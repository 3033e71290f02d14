"""The default annotator: analyses, assessments and refinements from claims and measured facts.

It needs no network, draws its words by ids alone, and says nothing that was not measured, claimed
by the caption or recorded as an edit.
"""

from prompts.kinematic.analysis import analyse_goal
from prompts.kinematic.assessment import Assessment, assess_candidate, assess_goal

VERSION = 3

__all__ = ["VERSION", "Assessment", "analyse_goal", "assess_candidate", "assess_goal"]
