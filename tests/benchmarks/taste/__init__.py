"""Does training teach a taste, how few verdicts does it take, and does the model still speak? A program judges.

tastes.py    the tastes: programs that give a verdict on two answers
answers.py   answers, written once for a seed and kept in a file
arms.py      what is compared: settings, and a system prompt as a rival
plan.py      the cells: a taste, an arm, a number of verdicts, flips and a seed
rounds.py    verdicts in rounds with an adapter between them, and which two of several answers are asked
cell.py      one cell: verdicts, a run, answers to the held-out questions, and what it cost
results.py   a line of JSON for each cell that is done; measured/ keeps those of docs/BENCHMARKS.md
rule.py      which epoch each rule would keep, and how good it is on pairs that no rule saw
table.py     win rates and differences with intervals, by a bootstrap over seeds and questions
"""
