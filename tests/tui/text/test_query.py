"""A query as it is typed: its pieces, what a filter holds of, and what is refused."""

import pytest

from tui.text.query import QueryError, Term, check_names, holds, parse, without


def shapes(text, flags=()):
    return [(each.negated, each.name, each.sign, each.value) for each in parse(text, flags)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   ", []),
        ('""', []),
        ("rain sun", [(False, None, "", "rain"), (False, None, "", "sun")]),
        ('"rain in"', [(False, None, "", "rain in")]),
        ('"rain in', [(False, None, "", "rain in")]),
        ("set:science", [(False, "set", ":", "science")]),
        ("-set:science", [(True, "set", ":", "science")]),
        ('set:"science, held out"', [(False, "set", ":", "science, held out")]),
        ('set:"science', [(False, "set", ":", "science")]),
        ("set:", [(False, "set", ":", "")]),
        ("Set:Science", [(False, "set", ":", "Science")]),
        ("loss<0.5", [(False, "loss", "<", "0.5")]),
        ("loss<=0.5", [(False, "loss", "<=", "0.5")]),
        ("rewards/margins>=1", [(False, "rewards/margins", ">=", "1")]),
        ("lora-r!=16", [(False, "lora-r", "!=", "16")]),
        ("-rain", [(True, None, "", "rain")]),
        ('-"rain in"', [(True, None, "", "rain in")]),
        ("-", [(False, None, "", "-")]),
        ("- rain", [(False, None, "", "-"), (False, None, "", "rain")]),
        ("well-known", [(False, None, "", "well-known")]),
        ("http://a.b/c", [(False, None, "", "http://a.b/c")]),
        ("10:30", [(False, None, "", "10:30")]),
        ("*:(^", [(False, None, "", "*:(^")]),
        ("日本 語", [(False, None, "", "日本"), (False, None, "", "語")]),
        ('a"b c"', [(False, None, "", "a"), (False, None, "", "b c")]),
    ],
)
def test_pieces(text, expected):
    assert shapes(text) == expected


def test_a_flag_is_a_filter_and_in_quotes_a_word():
    assert shapes('noted "noted" -noted', ["noted"]) == [
        (False, "noted", "", ""),
        (False, None, "", "noted"),
        (True, "noted", "", ""),
    ]
    assert shapes("noted") == [(False, None, "", "noted")]


@pytest.mark.parametrize("text", ['rain "in autumn" set:science', '-set:"held out" -rain loss>=2', "-noted noted"])
def test_a_query_can_be_typed_again(text):
    assert " ".join(map(str, parse(text, ["noted"]))) == text


def test_a_piece_is_taken_out():
    text = 'rain set:"held out"  noted'
    terms = parse(text, ["noted"])
    assert [without(text, each) for each in terms] == ['set:"held out"  noted', "rain noted", 'rain set:"held out"']


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("loss<0.5", 0.25, True),
        ("loss<0.5", 0.5, False),
        ("loss<=0.5", 0.5, True),
        ("run:3", 3, True),
        ("run=3", 30, False),
        ("run!=3", 30, True),
        ("-run:3", 3, False),
        ("steps>=1,000", 1000, True),
        ("loss<0.5", None, False),
        ("-loss<0.5", None, True),
        ("name:taste", "My Taste 1", True),
        ("name=taste", "taste-1", False),
        ("name=Taste-1", "taste-1", True),
        ("name!=taste-1", "taste-1", False),
    ],
)
def test_a_filter_holds(text, value, expected):
    assert holds(parse(text)[0], value) is expected


def test_what_cannot_be_compared_is_told():
    with pytest.raises(QueryError, match=r"loss<much needs a number, such as loss<2"):
        holds(parse("loss<much")[0], 1.0)
    with pytest.raises(QueryError, match=r"name>a compares a text. Write name:a instead\."):
        holds(parse("name>a")[0], "b")


def test_an_unknown_filter_says_what_there_is():
    check_names(parse("set:science words noted", ["noted"]), ("set", "run"))
    with pytest.raises(QueryError, match=r"There is no filter 'sets'. Did you mean set\? There are: set, run."):
        check_names(parse("sets:science"), ("set", "run"))


def test_a_term_knows_where_it_stands():
    assert parse("a  -set:b")[1] == Term("b", "set", ":", True, start=3, end=9)
