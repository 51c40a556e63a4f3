"""What was measured: rows of named figures, each with all of its rounds."""

import json


class Row:
    def __init__(self):
        self.figures = {}

    def add(self, name, value):
        self.figures.setdefault(name, []).append(value)


class Report:
    def __init__(self, rounds):
        self.rounds = rounds
        self._rows = {}

    def row(self, label):
        return self._rows.setdefault(label, Row())

    def print_new(self, before):
        for label in list(self._rows)[before:]:
            print(label)
            for name, values in self._rows[label].figures.items():
                print(f"    {_number(sorted(values)[len(values) // 2]):>12}  {name}{_spread(values)}")
        print(flush=True)
        return len(self._rows)

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({label: row.figures for label, row in self._rows.items()}, indent=1) + "\n")


def _number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _spread(values):
    return f"  ({_number(min(values))} to {_number(max(values))} in {len(values)})" if len(values) > 1 else ""
