"""The page of the browser of goals: a list to search, and one goal whole; scripts fill both."""

from __future__ import annotations

from pipelines.report.goal_choice import Choice

_FILTERS = (
    ("split", "Dataset and split"),
    ("task", "Task"),
    ("operation", "Operation"),
    ("verdict", "Verdict"),
)


def goals_page(choice: Choice) -> str:
    """The body of the page."""
    filters = "".join(
        f'<label class="filter"><span>{called}</span><select id="by-{name}" disabled><option '
        'value="">all</option>'
        "</select></label>"
        for name, called in _FILTERS
    )
    shown = len(choice.goals)
    what = f"all {choice.of:,} goals" if shown == choice.of else f"{shown:,} of {choice.of:,} goals"
    how = ""
    if shown < choice.of:
        first = sum(one.is_flagged for one in choice.goals)
        wrong = f"{choice.flagged:,} have something wrong, {first:,} of which come first"
        how = f" {wrong}; the others were drawn by a hash of their id. irmogen report --goals all shows all."
    return f"""<noscript><p class="card">The list of goals needs JavaScript.</p></noscript>
<section id="list" aria-labelledby="list-title">
<h1 id="list-title" tabindex="-1">Goals</h1>
<p class="lead">This report shows {what}, each with its ladder.{how}</p>
<form class="search card" role="search" aria-label="Goals">
<label class="filter words"><span>Words of the caption, or an id</span>
<input id="by-words" type="search" autocomplete="off" disabled></label>
{filters}
</form>
<p id="found" class="muted small" role="status">Reading the index …</p>
<ol id="goals" class="goals"></ol>
<nav id="more" class="more" aria-label="More goals"></nav>
</section>
<article id="goal" hidden></article>
"""
