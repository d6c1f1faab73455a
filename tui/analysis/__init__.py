"""Statistics of verdicts and trials, as functions of plain counts; `report.py` reads the counts."""
