from __future__ import annotations

from twofold.reporting.palette import MUTED, Palette
from twofold.reporting.scoreboard import Bar, Scoreboard, longest_bar
from twofold.reporting.summary import facts, headline
from twofold.reporting.tables import tables_of
from twofold.studies.result import Result, Row


def small(*rows: Row, conclusions: tuple[str, ...] = ()) -> Result:
    return Result("neural-alignment", {"name": "m"}, {}, {}, 1.0, rows, {}, conclusions)


def accuracy(name: str, value: float | None, **rest: object) -> Row:
    given: dict[str, object] = {
        "table": "frame-decoding",
        "metric": "exact_accuracy",
        "split": "leave_one_repeat_out",
        **rest,
    }
    return Row(row=name, value=value, leaky="leaky" in name, note="why" if value is None else "", **given)


def test_every_value_of_a_result_is_in_exactly_one_table(result: Result):
    tables = [t for name in result.tables() for t in tables_of(result, name, Palette.of(result.rows))]
    shown = sorted(
        cell.sort for t in tables for line in t.lines for cell in line.cells if cell.sort is not None
    )
    assert shown == sorted(row.value for row in result.rows if row.value is not None)


def test_what_a_column_shares_stands_in_its_head_and_not_in_each_cell():
    rows = [accuracy("raw + knn", 0.5, chance=0.1), accuracy("pca + knn", 0.4, chance=0.1, paper=0.3)]
    (table,) = tables_of(small(*rows), "frame-decoding", Palette.of(rows))
    assert table.columns[0].beside == ("chance 0.100",)
    assert [line.cells[0].beside for line in table.lines] == [(), ("paper 0.300",)]


def test_chance_levels_that_differ_stand_beside_their_values():
    rows = [accuracy("raw + knn", 0.5, chance=0.1), accuracy("pca + knn", 0.4, chance=0.2)]
    (table,) = tables_of(small(*rows), "frame-decoding", Palette.of(rows))
    assert table.columns[0].beside == ()
    assert [line.cells[0].beside for line in table.lines] == [("chance 0.100",), ("chance 0.200",)]


def test_a_row_that_lacks_a_metric_has_a_dash_and_a_null_value_its_note():
    rows = [accuracy("raw + knn", None), accuracy("pca + knn", 2.0, metric="mae_frames")]
    (table,) = tables_of(small(*rows), "frame-decoding", Palette.of(rows))
    assert [[cell.text for cell in line.cells] for line in table.lines] == [["–", "–"], ["–", "2.00"]]
    assert table.lines[0].note == "why"


def test_the_scoreboard_puts_honest_rows_first_and_never_crowns_another():
    board = Scoreboard.of(
        small(
            accuracy("contrastive (leaky: fitted on all repeats) + knn", 0.99),
            accuracy("control: labels shuffled + knn", 0.98),
            accuracy("ceiling: Bayes", 0.97),
            accuracy("pca + knn", 0.4),
            accuracy("raw + knn", 0.5),
            accuracy("untrained + knn", 0.6),
        )
    )
    assert [entry.kind for entry in board.entries] == [
        "honest", "honest", "ceiling", "control", "control", "leaky",
    ]  # fmt: skip
    best = board.best("exact_accuracy")
    assert best is not None
    assert best.name == "raw + knn"


def test_the_scoreboard_prefers_leave_one_repeat_out_and_else_the_last_split():
    rows = [accuracy("raw + knn", 0.5), accuracy("raw + knn", 0.3, split="leave_one_block_out")]
    assert Scoreboard.of(small(*rows)).entries[0].value("exact_accuracy") == 0.5
    assert Scoreboard.of(small(rows[1])).entries[0].value("exact_accuracy") == 0.3


def test_alignment_belongs_to_the_embedding_whatever_decodes_it(result: Result):
    board = Scoreboard.of(result)
    raw = [e.value("r2_cross_repeat") for e in board.entries if e.name.startswith("raw + ")]
    assert raw == [0.272] * 4
    alone = {e.name for e in board.entries if e.value("exact_accuracy") is None}
    assert alone == {"control: random code of the decoded frame", "ceiling: true drive"}


def test_bars_of_small_accuracies_are_drawn_longer():
    board = Scoreboard.of(small(accuracy("raw + knn", 0.02, low=0.01, high=0.03, chance=0.001)))
    longest = longest_bar(board)
    assert 0.03 < longest < 0.05
    bar = Bar.of(board.entries[0].found["exact_accuracy"], longest)
    assert 60 < bar.value < 67
    assert bar.ceiling is None


def test_facts_name_the_best_decoder_the_best_aligned_and_the_leaky_row(result: Result):
    found = facts(Scoreboard.of(result))
    assert [fact.answer for fact in found] == [
        "raw + logistic",
        "raw",
        "contrastive (leaky: fitted on all repeats) + knn",
    ]
    assert found[1].detail.endswith(
        "; noise ceiling, what repeats share, 0.400; the simulation's own drive reaches 0.418"
    )


def test_the_headline_is_the_conclusion_of_the_study_and_else_written_from_the_numbers(result: Result):
    said = small(accuracy("raw + knn", 0.5), conclusions=("Raw responses suffice.",))
    assert headline(said, Scoreboard.of(said)) == ["Raw responses suffice."]
    assert headline(result, Scoreboard.of(result))[0].startswith(
        "raw + logistic names the exact frame in 97.2 %"
    )


def test_a_result_without_rows_has_no_facts_and_still_a_headline():
    board = Scoreboard.of(small())
    assert facts(board) == []
    assert headline(small(), board) == ["0 numbers of the study neural-alignment."]


def test_an_embedding_has_one_colour_and_controls_are_grey(result: Result):
    palette = Palette.of(result.rows)
    honest = ("raw", "pca", "contrastive", "vae guided by frame features, beta=0.008")
    assert len({palette[name] for name in honest}) == 4
    assert palette["contrastive + knn"] == palette["contrastive -> running_speed"] == palette["contrastive"]
    assert palette["contrastive (leaky: fitted on all repeats) + knn"] == palette["contrastive"]
    assert palette["control: random code of the decoded frame"] == palette["ceiling: true drive"] == MUTED
