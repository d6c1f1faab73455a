"""Models and samplings are stored once."""

import pytest

from db.errors import NotFound
from db.models import ensure_model, ensure_sampling, get_model
from tests.db_workspace import new_model, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def adapter(conn, name, parent, checksum="c1"):
    return ensure_model(conn, kind="adapter", name=name, source="a1234", fingerprint=checksum, parent=parent)


def test_a_model_is_known_by_what_it_is_and_not_by_its_name(conn):
    base = new_model(conn)
    assert new_model(conn) == base
    first = adapter(conn, "taste-1", base)
    assert adapter(conn, "gentle", base) == first
    assert get_model(conn, first).name == "gentle"
    assert get_model(conn, first).parent == base
    assert adapter(conn, "gentle", base, checksum="c2") != first
    assert adapter(conn, "gentle", None) != first
    with pytest.raises(NotFound):
        get_model(conn, 99)


def test_equal_settings_are_one_sampling_whatever_their_order(conn):
    first = ensure_sampling(conn, {"temperature": 0.9, "top_k": 50})
    assert ensure_sampling(conn, {"top_k": 50, "temperature": 0.9}) == first
    assert ensure_sampling(conn, {"top_k": 51, "temperature": 0.9}) != first


def test_a_setting_that_json_cannot_carry_is_refused(conn):
    with pytest.raises(ValueError, match="JSON"):
        ensure_sampling(conn, {"temperature": float("nan")})
